package dev.sluice.bench;

import dev.sluice.hostile.Fault;
import dev.sluice.hostile.FaultResult;
import dev.sluice.hostile.Faults;
import dev.sluice.hostile.HostileRun;
import dev.sluice.hostile.HostileSluice;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What becomes of items whose destination does everything wrong, in both delivery modes. */
final class HostileReplies {

  private static final Duration TIMEOUT = Duration.ofMillis(1500);
  private static final int ITEMS_SHARE = 1_000;
  private static final int LEAST_ITEMS = 50;
  private static final int MOST_OVERSHOOT_MILLIS = 250;

  private final int items;
  private final Section section;
  private final Section.Table table =
      new Section.Table("fault", "delivery", "outcome", "overshoot ms", "left over", "unexpected");
  private long mostOvershootMillis;
  private long unexpected;
  private long leaks;

  private HostileReplies(Plan plan) {
    items = Math.max(LEAST_ITEMS, plan.items() / ITEMS_SHARE);
    section =
        new Section(
            "A destination that does everything wrong",
            ("%d faults, each met by %d items in each delivery mode, %d tries an item, %d ms to an"
                    + " attempt. Overshoot: how long attempts outlived their deadline, 99 of 100 no"
                    + " more. Left over: connections, permits, sockets and, by Netty's leak detector"
                    + " at its strictest, buffers that were not given back by the faults met at the"
                    + " same time.")
                .formatted(Faults.all().size(), items, HostileRun.TRIES, TIMEOUT.toMillis()));
  }

  /** Runs it with a breaker that never opens, so that every item meets its fault. */
  static Section run(Plan plan) throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "hostile");
        HostileSluice sluice =
            new HostileSluice(directory.path(), "-Xmx512m", HostileSluice.CONCURRENCY)) {
      return new HostileReplies(plan).measure(sluice);
    }
  }

  private Section measure(HostileSluice sluice) throws IOException {
    HostileRun run = new HostileRun(sluice.client(), items, TIMEOUT);
    for (List<Fault> wave : Faults.waves()) {
      List<FaultResult> results = run.meet(wave, HostileRun.MODES);
      HostileSluice.Leaks left = sluice.leaks();
      leaks += left.count();
      results.forEach(result -> add(result, left));
    }
    return section
        .add(table)
        .add(
            finding(
                "hostile destination, deadline overshoot p99 in ms, worst fault",
                (double) mostOvershootMillis,
                MOST_OVERSHOOT_MILLIS))
        .add(finding("hostile destination, unexpected outcomes", (double) unexpected, 0))
        .add(
            finding(
                "hostile destination, connections, permits, sockets and buffers left over",
                (double) leaks,
                0));
  }

  private static Section.Finding finding(String figure, double value, double most) {
    return Section.Finding.atMost(figure, value, most, Double.NaN);
  }

  private void add(FaultResult result, HostileSluice.Leaks left) {
    mostOvershootMillis = Math.max(mostOvershootMillis, result.overshootMillis());
    unexpected += result.complaintCount();
    table.row(
        result.fault().name(),
        result.mode().name().toLowerCase(Locale.ROOT),
        result.verdict(),
        Long.toString(result.overshootMillis()),
        Long.toString(left.count()),
        Integer.toString(result.complaintCount()));
  }
}
