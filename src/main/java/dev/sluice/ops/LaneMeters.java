package dev.sluice.ops;

import dev.sluice.store.LaneBoard.Lane;
import dev.sluice.store.LaneSnapshot;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * What lanes are doing: the busiest under their own name, the rest summed as {@code other}, all of
 * them counted by the state of their breaker. Values are those of the last refresh.
 */
final class LaneMeters {

  private static final List<String> BREAKER_STATES =
      List.of("closed", "open", "half_open", "forced_open");

  private static final Comparator<Lane> BUSIEST_FIRST =
      Comparator.<Lane>comparingLong(
              lane -> (long) lane.snapshot().inFlight() + lane.snapshot().backlogCount())
          .reversed()
          .thenComparing(lane -> lane.destination().key());

  private final int topCount;
  private final Map<MultiGauge, ToDoubleFunction<LaneSnapshot>> gauges;

  /** Lanes by breaker state at the last refresh; replaced as a whole. */
  private volatile Map<String, Long> byBreaker = Map.of();

  LaneMeters(MeterRegistry registry, int topCount) {
    this.topCount = topCount;
    this.gauges =
        Map.of(
            gauge(registry, "sluice.lane.in.flight", "Attempts on the wire"),
            LaneSnapshot::inFlight,
            gauge(registry, "sluice.lane.backlog", "Items in memory that are not on the wire"),
            LaneSnapshot::backlogCount,
            gauge(registry, "sluice.lane.limit", "Most attempts in flight now"),
            LaneSnapshot::concurrencyLimit,
            gauge(registry, "sluice.lane.stopped", "Lanes stopped by a breaker or a hold"),
            snapshot -> stopped(snapshot) ? 1 : 0);
    for (String state : BREAKER_STATES) {
      Gauge.builder("sluice.lanes", this, meters -> meters.byBreaker.getOrDefault(state, 0L))
          .description("Lanes by the state of their breaker")
          .tag("breaker", state)
          .register(registry);
    }
  }

  private static MultiGauge gauge(MeterRegistry registry, String name, String description) {
    return MultiGauge.builder(name).description(description).register(registry);
  }

  private static boolean stopped(LaneSnapshot lane) {
    return lane.holdUntil() != null
        || lane.breaker().equals("open")
        || lane.breaker().equals("forced_open");
  }

  /** Takes over what lanes are doing; one thread at a time. */
  void refresh(List<Lane> lanes) {
    byBreaker =
        lanes.stream()
            .collect(Collectors.groupingBy(l -> l.snapshot().breaker(), Collectors.counting()));
    List<Lane> sorted = lanes.stream().sorted(BUSIEST_FIRST).toList();
    List<Lane> top = sorted.subList(0, Math.min(topCount, sorted.size()));
    List<Lane> rest = sorted.subList(top.size(), sorted.size());
    gauges.forEach(
        (gauge, value) -> {
          List<Row<?>> rows = new ArrayList<>(top.size() + 1);
          for (Lane lane : top) {
            rows.add(row(lane.destination().key(), value.applyAsDouble(lane.snapshot())));
          }
          double sum = 0;
          for (Lane lane : rest) {
            sum += value.applyAsDouble(lane.snapshot());
          }
          rows.add(row("other", sum));
          gauge.register(rows, true);
        });
  }

  private static Row<?> row(String destination, double value) {
    return Row.of(Tags.of("destination", destination), value);
  }
}
