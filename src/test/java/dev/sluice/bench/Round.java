package dev.sluice.bench;

/**
 * What one contender did in one round.
 *
 * @param items requests sent and answered
 * @param seconds from the first to the last
 * @param cpuMicros user and system time of the contender's process meanwhile
 * @param databaseCpuMicros the same of the database server that it uses; 0 where it uses none
 * @param exchange how long single exchanges took
 * @param errors requests that did not end in 200
 */
record Round(
    long items,
    double seconds,
    long cpuMicros,
    long databaseCpuMicros,
    Percentiles exchange,
    long errors) {

  /** A round of a contender without a database server. */
  Round(long items, double seconds, long cpuMicros, Percentiles exchange, long errors) {
    this(items, seconds, cpuMicros, 0, exchange, errors);
  }

  double itemsPerSecond() {
    return items / seconds;
  }

  double cpuMicrosPerItem() {
    return cpuMicros / (double) items;
  }

  double databaseCpuMicrosPerItem() {
    return databaseCpuMicros / (double) items;
  }

  /** Gives this round with the times of its exchanges. */
  Round with(Percentiles times) {
    return new Round(items, seconds, cpuMicros, databaseCpuMicros, times, errors);
  }

  /** Gives this round, and fails when a request of it did. */
  Round withoutErrors() {
    if (errors > 0) {
      throw new IllegalStateException("%,d of %,d requests failed".formatted(errors, items));
    }
    return this;
  }

  /** Times of single exchanges in milliseconds; NaN where a contender does not tell. */
  record Percentiles(double p50, double p99, double p999) {

    static final Percentiles UNKNOWN = new Percentiles(Double.NaN, Double.NaN, Double.NaN);

    static Percentiles ofNanos(long p50, long p99, long p999) {
      return new Percentiles(p50 / 1e6, p99 / 1e6, p999 / 1e6);
    }
  }
}
