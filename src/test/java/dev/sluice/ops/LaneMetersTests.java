package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.Destination;
import dev.sluice.store.LaneBoard.Lane;
import dev.sluice.store.LaneSnapshot;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LaneMetersTests {

  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final LaneMeters meters = new LaneMeters(registry, 2);

  @Test
  void showsTheBusiestByNameAndSumsTheRest() {
    meters.refresh(
        List.of(
            lane("idle", 0, 1, "closed", null),
            lane("busy", 50, 900, "closed", null),
            lane("dead", 0, 400, "open", null),
            lane("slow", 10, 20, "closed", null)));

    assertThat(gauge("sluice.lane.backlog", "http:busy:80")).isEqualTo(900);
    assertThat(gauge("sluice.lane.in.flight", "http:busy:80")).isEqualTo(50);
    assertThat(gauge("sluice.lane.limit", "http:busy:80")).isEqualTo(64);
    assertThat(gauge("sluice.lane.stopped", "http:busy:80")).isZero();
    assertThat(gauge("sluice.lane.stopped", "http:dead:80")).isEqualTo(1);
    assertThat(gauge("sluice.lane.backlog", "other")).isEqualTo(21);
    assertThat(lanes("closed")).isEqualTo(3);
    assertThat(lanes("open")).isEqualTo(1);
  }

  @Test
  void aLaneThatIsGoneLeavesNoSeries() {
    meters.refresh(List.of(lane("a", 1, 1, "closed", null)));
    meters.refresh(List.of(lane("b", 1, 1, "half_open", null)));

    assertThat(registry.find("sluice.lane.backlog").tag("destination", "http:a:80").gauge())
        .isNull();
    assertThat(gauge("sluice.lane.backlog", "http:b:80")).isEqualTo(1);
    assertThat(lanes("closed")).isZero();
    assertThat(lanes("half_open")).isEqualTo(1);
  }

  @Test
  void aLaneOnHoldIsStoppedAndAProbingOneIsNot() {
    meters.refresh(
        List.of(
            lane("hold", 0, 2, "closed", Instant.EPOCH), lane("probing", 1, 2, "half_open", null)));
    assertThat(gauge("sluice.lane.stopped", "http:hold:80")).isEqualTo(1);
    assertThat(gauge("sluice.lane.stopped", "http:probing:80")).isZero();
  }

  private double gauge(String name, String destination) {
    return registry.get(name).tag("destination", destination).gauge().value();
  }

  private double lanes(String breaker) {
    return registry.get("sluice.lanes").tag("breaker", breaker).gauge().value();
  }

  private static Lane lane(
      String host, int inFlight, int backlog, String breaker, @Nullable Instant hold) {
    return new Lane(
        new Destination("http", host, 80),
        new LaneSnapshot(1, inFlight, backlog, 64, breaker, hold, 0, null));
  }
}
