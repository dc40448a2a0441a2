package dev.sluice.dispatch;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Tells whether this process is what limits throughput: no CPU left for it, or a heap that is
 * nearly full after a collection. More attempts at once would then only wait here. Sampled by one
 * thread, asked by any.
 */
final class ProcessLoad implements BooleanSupplier {

  /** Of the processors that the process may use, a container's limit included. */
  private static final double MOST_CPU = 0.95;

  private static final double MOST_HEAP = 0.85;

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final List<MemoryPoolMXBean> heap =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .filter(pool -> pool.getCollectionUsage() != null)
          .toList();
  private volatile boolean slow;

  @Override
  public boolean getAsBoolean() {
    return slow;
  }

  /** Looks again; about once a second. */
  void sample() {
    slow = system.getCpuLoad() > MOST_CPU || heapShare() > MOST_HEAP;
  }

  /** Gives the share of the heap that the latest collections left in use. */
  private double heapShare() {
    long used = 0;
    for (MemoryPoolMXBean pool : heap) {
      MemoryUsage usage = pool.getCollectionUsage();
      used += usage == null ? 0 : usage.getUsed();
    }
    return (double) used / Runtime.getRuntime().maxMemory();
  }
}
