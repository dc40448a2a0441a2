package dev.sluice.dispatch;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Tells whether this process is what limits throughput: it uses up the processors, its heap is
 * nearly full after a collection, or its event loops come late. More attempts at once would then
 * only wait here. Sampled by one thread, asked by any.
 */
final class ProcessLoad implements BooleanSupplier {

  /** Of the processors that the process may use, a container's limit included. */
  private static final double MOST_CPU = 0.95;

  private static final double MOST_HEAP = 0.85;

  /** Longer than any turn of a loop that keeps up; twice in a row, since a pause can be chance. */
  private static final long MOST_LAG_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final List<MemoryPoolMXBean> heap =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .filter(pool -> pool.getCollectionUsage() != null)
          .toList();
  private final LongSupplier lagNanos;
  private boolean wasLate;
  private volatile boolean slow;

  /**
   * @param lagNanos gives how late the event loops were since it was asked last
   */
  ProcessLoad(LongSupplier lagNanos) {
    this.lagNanos = lagNanos;
  }

  @Override
  public boolean getAsBoolean() {
    return slow;
  }

  /** Looks again; about once a second. */
  void sample() {
    boolean late = lagNanos.getAsLong() > MOST_LAG_NANOS;
    slow = usesUpCpu() || heapShare() > MOST_HEAP || (late && wasLate);
    wasLate = late;
  }

  /** Where others use up the processors, fewer attempts of ours would not give us more of them. */
  private boolean usesUpCpu() {
    double all = system.getCpuLoad();
    return all > MOST_CPU && system.getProcessCpuLoad() > all / 2;
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
