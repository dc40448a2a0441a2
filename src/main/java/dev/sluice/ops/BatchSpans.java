package dev.sluice.ops;

import dev.sluice.model.Destination;
import dev.sluice.model.DispatchTracer;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Sha256;
import dev.sluice.model.Verdict;
import io.micrometer.tracing.Link;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import java.time.Instant;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Spans of batches. All that happens to one batch, in whatever process, is one trace, whose id is
 * made of the batch's: nothing need be stored or handed on for that. The span of its intake links
 * to the trace of the call that brought it. Any thread.
 */
final class BatchSpans implements DispatchTracer {

  private static final int TRACE_ID_BYTES = 16;
  private static final int SPAN_ID_BYTES = 8;

  private final Tracer tracer;
  private final double probability;
  private final RandomGenerator random;
  private final ProcessClock clock;

  /**
   * @param probability share of attempts that are traced, 0 to 1
   * @param random safe for use by many threads
   */
  BatchSpans(Tracer tracer, double probability, RandomGenerator random, ProcessClock clock) {
    this.tracer = tracer;
    this.probability = probability;
    this.random = random;
    this.clock = clock;
  }

  /** Gives what all spans of a batch hang on: a parent that nobody sees, the same everywhere. */
  TraceContext root(String batchId) {
    byte[] hash = Sha256.of(batchId);
    HexFormat hex = HexFormat.of();
    return tracer
        .traceContextBuilder()
        .traceId(hex.formatHex(hash, 0, TRACE_ID_BYTES))
        .spanId(hex.formatHex(hash, TRACE_ID_BYTES, TRACE_ID_BYTES + SPAN_ID_BYTES))
        .sampled(true)
        .build();
  }

  @Override
  public void intakeEnded(String batchId, String tenant, long itemCount, long nanos) {
    Span.Builder span = about("sluice.intake", batchId, tenant);
    Span call = tracer.currentSpan();
    if (call != null) {
      span.addLink(new Link(call));
    }
    Instant began = clock.instant().minusNanos(nanos);
    span.tag("sluice.items", itemCount)
        .startTimestamp(
            TimeUnit.SECONDS.toNanos(began.getEpochSecond()) + began.getNano(),
            TimeUnit.NANOSECONDS)
        .start()
        .end();
  }

  @Override
  public BatchTrace dispatchBegan(String batchId, String tenant) {
    return new Stretch(about("sluice.dispatch", batchId, tenant).start());
  }

  private Span.Builder about(String name, String batchId, String tenant) {
    return tracer
        .spanBuilder()
        .setParent(root(batchId))
        .name(name)
        .tag("sluice.batch.id", batchId)
        .tag("sluice.tenant", tenant);
  }

  private final class Stretch implements BatchTrace {
    private final Span span;

    Stretch(Span span) {
      this.span = span;
    }

    @Override
    public @Nullable AttemptTrace attemptBegan(Destination destination, long index, int number) {
      if (random.nextDouble() >= probability) {
        return null;
      }
      return new Try(
          tracer
              .spanBuilder()
              .setParent(span.context())
              .kind(Span.Kind.CLIENT)
              .name("sluice.attempt")
              .tag("server.address", destination.host())
              .tag("server.port", destination.port())
              .tag("sluice.item.index", index)
              .tag("sluice.attempt.number", number)
              .start());
    }

    @Override
    public void ended() {
      span.end();
    }
  }

  private final class Try implements AttemptTrace {
    private final Span span;

    Try(Span span) {
      this.span = span;
    }

    @Override
    public String traceparent() {
      TraceContext context = span.context();
      return "00-" + context.traceId() + '-' + context.spanId() + "-01";
    }

    @Override
    public void ended(Verdict verdict, Runnable taken) {
      span.tag("sluice.verdict", VerdictKind.of(verdict).tag());
      int status = verdict.statusCode();
      if (status != 0) {
        span.tag("http.response.status_code", status);
      }
      try (Tracer.SpanInScope _ = tracer.withSpan(span)) {
        taken.run();
      } finally {
        span.end();
      }
    }
  }
}
