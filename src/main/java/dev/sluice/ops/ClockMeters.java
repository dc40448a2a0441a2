package dev.sluice.ops;

import dev.sluice.store.TimeTrust;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** What the clock is worth. */
final class ClockMeters {

  private ClockMeters() {}

  static void bind(MeterRegistry registry, TimeTrust time) {
    Gauge.builder("sluice.clock.offset", time, t -> t.offset().toMillis() / 1000.0)
        .description("How far the wall clock is ahead of process time")
        .baseUnit("seconds")
        .strongReference(true)
        .register(registry);
    Gauge.builder("sluice.clock.trusted", time, t -> t.holds() ? 1 : 0)
        .description("Whether expiry, retention and schedules go by the present time")
        .strongReference(true)
        .register(registry);
  }
}
