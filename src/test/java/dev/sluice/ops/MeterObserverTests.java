package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.Destination;
import dev.sluice.model.DispatchTracer;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.Verdict;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The equations that operators may rely on. */
class MeterObserverTests {

  private static final Verdict.Reply REPLY = new Verdict.Reply(200, null);
  private static final Verdict.Failure FAILURE = new Verdict.Failure("reset", "cut");
  private static final List<Verdict> VERDICTS =
      List.of(
          new Verdict.Succeeded(REPLY),
          new Verdict.Refused(REPLY, null),
          new Verdict.Retryable(REPLY, null),
          new Verdict.MaybeSent(FAILURE),
          new Verdict.NotSent(FAILURE),
          new Verdict.Denied(new Verdict.Failure("guard", "not there")),
          new Verdict.Interrupted());

  private static final List<OutcomeState> STATES = List.of(OutcomeState.values());

  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final DestinationMeters destinations =
      new DestinationMeters(registry, new SettableClock(), 3);
  private final MeterObserver observer =
      new MeterObserver(registry, destinations, DispatchTracer.NONE);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void acceptedIsSettledPlusUnsettledAndStartedIsEndedPlusInFlight(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long unsettled = 0;
    long inFlight = 0;
    for (int step = 0; step < 5_000; step++) {
      switch (random.nextInt(4)) {
        case 0 -> {
          int items = random.nextInt(1, 500);
          observer.batchAccepted(items);
          unsettled += items;
        }
        case 1 -> {
          OutcomeState state = STATES.get(random.nextInt(STATES.size()));
          int items = (int) Math.min(unsettled, random.nextInt(1_000));
          observer.outcomesCommitted(state, items);
          unsettled -= items;
        }
        case 2 -> {
          observer.attemptStarted(destination(step));
          inFlight++;
        }
        default -> {
          if (inFlight > 0) {
            Verdict verdict = VERDICTS.get(random.nextInt(VERDICTS.size()));
            observer.attemptEnded(destination(step), verdict, random.nextLong(1_000_000_000));
            inFlight--;
          }
        }
      }
    }
    assertThat(sum("sluice.items.accepted") - sum("sluice.items.settled"))
        .isEqualTo((double) unsettled);
    assertThat(sum("sluice.attempts.started") - sum("sluice.attempts.ended"))
        .isEqualTo((double) inFlight);
    assertThat(registry.find("sluice.attempt.duration").timers())
        .extracting(timer -> timer.count())
        .hasSize(7)
        .doesNotContain(0L);
    assertThat(sum("sluice.destination.attempts"))
        .as("named destinations and 'other' together are all attempts")
        .isEqualTo(sum("sluice.attempts.ended"));
  }

  @Test
  void everyVerdictHasItsOwnCounter() {
    for (int i = 0; i < VERDICTS.size(); i++) {
      for (int times = 0; times <= i; times++) {
        observer.attemptEnded(destination(1), VERDICTS.get(i), 1);
      }
    }
    List<String> tags =
        List.of(
            "succeeded", "refused", "retryable", "maybe_sent", "not_sent", "denied", "interrupted");
    for (int i = 0; i < tags.size(); i++) {
      assertThat(
              registry.get("sluice.attempts.ended").tag("verdict", tags.get(i)).counter().count())
          .as(tags.get(i))
          .isEqualTo(i + 1);
    }
  }

  @Test
  void metersReadZeroBeforeAnythingHappens() {
    for (OutcomeState state : OutcomeState.values()) {
      assertThat(
              registry
                  .get("sluice.items.settled")
                  .tag("state", state.name().toLowerCase(java.util.Locale.ROOT))
                  .counter()
                  .count())
          .isZero();
    }
    assertThat(sum("sluice.outcomes.dropped")).isZero();
  }

  private static Destination destination(int step) {
    return new Destination("http", "h" + step % 7, 80);
  }

  private double sum(String name) {
    return registry.get(name).counters().stream().mapToDouble(Counter::count).sum();
  }
}
