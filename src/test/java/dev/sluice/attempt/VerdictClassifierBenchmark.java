package dev.sluice.attempt;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import java.io.IOException;
import java.net.URI;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.client.WebClientRequestException;

/**
 * What judging an exchange costs. One operation is one verdict, by the default terms of a batch and
 * without a captured response.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class VerdictClassifierBenchmark {

  private final ProcessClock clock = ProcessClock.system();
  private final VerdictClassifier classifier = new VerdictClassifier(clock);
  private final AttemptTerms terms = AttemptTerms.of(BatchOptions.DEFAULT);
  private int ok;
  private int tooManyRequests;
  private int unavailable;
  private String seconds;
  private String date;
  private Throwable reset;

  /** Makes the replies; in fields that the compiler cannot take for constants. */
  @Setup
  public void setUp() {
    ok = 200;
    tooManyRequests = 429;
    unavailable = 503;
    seconds = "30";
    date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            clock.instant().plusSeconds(1_800).atOffset(ZoneOffset.UTC));
    reset =
        new WebClientRequestException(
            new IOException("Connection reset by peer"),
            HttpMethod.POST,
            URI.create("http://h1.example:8080/v1/orders/100000"),
            HttpHeaders.EMPTY);
  }

  /** 200. */
  @Benchmark
  public Verdict succeeded() {
    return classifier.reply(ok, _ -> null, null, terms);
  }

  /** 429 that asks for 30 seconds. */
  @Benchmark
  public Verdict tooManyRequestsForSeconds() {
    return classifier.reply(tooManyRequests, _ -> seconds, null, terms);
  }

  /** 429 that names a date. */
  @Benchmark
  public Verdict tooManyRequestsUntilDate() {
    return classifier.reply(tooManyRequests, _ -> date, null, terms);
  }

  /** 503 that asks for nothing. */
  @Benchmark
  public Verdict unavailable() {
    return classifier.reply(unavailable, _ -> null, null, terms);
  }

  /** A connection reset after the first byte was written. */
  @Benchmark
  public Verdict reset() {
    return classifier.failure(reset, true);
  }
}
