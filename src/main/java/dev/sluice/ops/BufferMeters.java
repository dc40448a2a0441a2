package dev.sluice.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.ByteBufUtil;
import java.util.function.ToDoubleFunction;

/** The buffers of all exchanges, and those that nobody gave back. */
final class BufferMeters {

  private BufferMeters() {}

  static void bind(MeterRegistry registry) {
    if (ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider provider) {
      gauge(registry, provider, "direct", ByteBufAllocatorMetric::usedDirectMemory);
      gauge(registry, provider, "heap", ByteBufAllocatorMetric::usedHeapMemory);
    }
    Counter leaked =
        Counter.builder("sluice.buffers.leaked")
            .description("Buffers that were collected without having been given back")
            .register(registry);
    // Netty has one listener for the process; it logs each leak as well, once per place.
    ByteBufUtil.setLeakListener((_, _) -> leaked.increment());
  }

  private static void gauge(
      MeterRegistry registry,
      ByteBufAllocatorMetricProvider provider,
      String memory,
      ToDoubleFunction<ByteBufAllocatorMetric> used) {
    Gauge.builder("sluice.buffers.used", provider, each -> used.applyAsDouble(each.metric()))
        .description("Memory that holds the buffers of exchanges, free room in it included")
        .baseUnit("bytes")
        .tag("memory", memory)
        .strongReference(true)
        .register(registry);
  }
}
