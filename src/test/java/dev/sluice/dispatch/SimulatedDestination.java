package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.dispatch.LaneScenario.Phase;
import dev.sluice.model.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A destination on simulated time, shared by all who send to it. */
final class SimulatedDestination {

  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final Verdict OK = new Verdict.Succeeded(new Verdict.Reply(200, null));
  private static final Verdict BUSY = new Verdict.Retryable(new Verdict.Reply(503, null), null);
  private static final Verdict BROKEN = new Verdict.Retryable(new Verdict.Reply(500, null), null);
  private static final Verdict QUOTA =
      new Verdict.Retryable(new Verdict.Reply(429, null), Duration.ofSeconds(1));
  private static final Verdict SILENCE =
      new Verdict.MaybeSent(new Verdict.Failure("deadline", "No reply"));

  private final LaneBench bench;
  private final List<Phase> phases;
  private final Random random = new Random(7);
  private int busy;
  private long linkFreeAt;
  private long quotaSecond = -1;
  private int quotaUsed;

  SimulatedDestination(LaneBench bench, List<Phase> phases) {
    this.bench = bench;
    this.phases = phases;
  }

  private Phase phase() {
    Phase current = phases.getFirst();
    for (Phase phase : phases) {
      if (phase.at().toNanos() <= bench.nanos()) {
        current = phase;
      }
    }
    return current;
  }

  /** Who sends, and what became of it. */
  final class Sender {
    int inFlight;
    long begun;
    long succeeded;
    long refused;

    Mono<Verdict> attempt(AttemptRequest request) {
      Sinks.One<Verdict> verdict = Sinks.one();
      inFlight++;
      begun++;
      busy++;
      Reply reply = reply(phase());
      boolean dropped = reply.verdict.equals(SILENCE);
      busy -= dropped ? 1 : 0;
      bench.plan(
          bench.nanos() + reply.nanos,
          () -> {
            inFlight--;
            busy -= dropped ? 0 : 1;
            if (reply.verdict.equals(OK)) {
              succeeded++;
            } else if (!reply.verdict.equals(BROKEN)) {
              refused++;
            }
            verdict.tryEmitValue(reply.verdict).orThrow();
          });
      return verdict.asMono();
    }
  }

  private record Reply(Verdict verdict, long nanos) {}

  private Reply reply(Phase phase) {
    long latency = latency(phase);
    if (phase.silent() || (phase.dropsAbove() != null && busy > phase.dropsAbove())) {
      return new Reply(SILENCE, DEADLINE.toNanos());
    }
    if (phase.quota() != null && !withinQuota(phase.quota())) {
      return new Reply(QUOTA, latency / 5);
    }
    if (phase.hardLimit() != null && busy > phase.hardLimit()) {
      return new Reply(BUSY, latency / 5);
    }
    if (phase.knee() != null) {
      latency = (long) (latency * Math.max(1.0, (double) busy / phase.knee()));
    }
    if (phase.perSecond() != null) {
      linkFreeAt = Math.max(linkFreeAt, bench.nanos()) + (long) (1e9 / phase.perSecond());
      latency += linkFreeAt - bench.nanos();
    }
    if (latency > DEADLINE.toNanos()) {
      return new Reply(SILENCE, DEADLINE.toNanos());
    }
    return new Reply(random.nextDouble() < phase.failing() ? BROKEN : OK, latency);
  }

  private long latency(Phase phase) {
    double factor = 1 + phase.jitter() * (2 * random.nextDouble() - 1);
    if (random.nextDouble() < phase.tail()) {
      factor *= 10;
    }
    return (long) (phase.latency().toNanos() * factor);
  }

  private boolean withinQuota(int perSecond) {
    long second = bench.nanos() / 1_000_000_000;
    if (second != quotaSecond) {
      quotaSecond = second;
      quotaUsed = 0;
    }
    return ++quotaUsed <= perSecond;
  }
}
