package dev.sluice.ops;

import dev.sluice.model.ConnectionPools;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** The connections to all destinations together. */
final class PoolMeters {

  private PoolMeters() {}

  static void bind(MeterRegistry registry, ConnectionPools pools) {
    gauge(registry, pools, "sluice.pools", "Connection pools", c -> c.poolCount());
    gauge(registry, pools, "sluice.pool.open", "Connections", c -> c.totalCount());
    gauge(registry, pools, "sluice.pool.acquired", "Connections in use", c -> c.acquiredCount());
    gauge(registry, pools, "sluice.pool.idle", "Connections open and free", c -> c.idleCount());
    gauge(
        registry,
        pools,
        "sluice.pool.pending",
        "Exchanges waiting for a connection",
        c -> c.pendingCount());
  }

  private static void gauge(
      MeterRegistry registry,
      ConnectionPools pools,
      String name,
      String description,
      ToDoubleFunction<ConnectionPools.Counts> value) {
    Gauge.builder(name, pools, p -> value.applyAsDouble(p.counts()))
        .description(description)
        .strongReference(true)
        .register(registry);
  }
}
