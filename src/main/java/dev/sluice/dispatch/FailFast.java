package dev.sluice.dispatch;

import java.util.concurrent.TimeUnit;

/**
 * Ends the items of batches that do not want to wait for an open breaker, a hundred at a time. Any
 * thread.
 */
final class FailFast {

  private static final int AT_ONCE = 100;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Lane lane;
  private final LaneStock stock;
  private final LaneContext context;
  private final WakeUps wakeUps;

  FailFast(Lane lane, LaneStock stock, LaneContext context, WakeUps wakeUps) {
    this.lane = lane;
    this.stock = stock;
    this.context = context;
    this.wakeUps = wakeUps;
  }

  /** Ends what may end now; the lane is woken for the rest. */
  void run(long now) {
    for (FlowQueue flow : stock.flows()) {
      if (flow.gate().failsFast()) {
        end(flow, now);
      }
    }
  }

  private void end(FlowQueue flow, long now) {
    for (int i = 0; i < AT_ONCE; i++) {
      // Its place is what bounds the outcomes that are not on disk yet.
      if (!flow.gate().isOpen() || !context.admission().tryEnter(lane, now)) {
        wakeUps.at(WakeUps.ahead(flow.nextDue(), now));
        return;
      }
      LaneItem item = flow.poll(now, true);
      if (item == null) {
        context.admission().exit();
        wakeUps.at(WakeUps.ahead(flow.nextDue(), now));
        return;
      }
      context.settler().failFast(item);
      stock.ended(item.shard());
      context.admission().exit();
    }
    // Others need room for their outcomes too.
    wakeUps.at(now + PAUSE_NANOS);
  }
}
