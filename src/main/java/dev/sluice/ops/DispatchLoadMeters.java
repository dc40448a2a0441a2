package dev.sluice.ops;

import dev.sluice.model.DispatchLoad;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** What dispatch holds in memory. */
final class DispatchLoadMeters {

  private DispatchLoadMeters() {}

  static void bind(MeterRegistry registry, DispatchLoad load) {
    Gauge.builder("sluice.outcomes.unflushed", load, l -> l.counts().unflushedCount())
        .description("Outcomes and attempts that are not on disk yet")
        .strongReference(true)
        .register(registry);
    Gauge.builder("sluice.payload.held", load, l -> l.counts().payloadBytes())
        .description("Claimed payloads in memory")
        .baseUnit("bytes")
        .strongReference(true)
        .register(registry);
  }
}
