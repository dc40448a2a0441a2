package dev.sluice.demo;

import static java.lang.String.format;
import static java.util.Locale.ROOT;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Submits the sample batch, shows its progress and adds up what came of it. One run. */
final class DemoRun {

  private static final int BAR_WIDTH = 24;

  private final DemoProperties properties;
  private final SampleDestination destination;
  private final Terminal terminal;
  private final CountDownLatch stopped = new CountDownLatch(1);

  DemoRun(DemoProperties properties, SampleDestination destination, Terminal terminal) {
    this.properties = properties;
    this.destination = destination;
    this.terminal = terminal;
  }

  /**
   * Runs the demo against a ready Sluice. Blocking.
   *
   * @param root of the API
   * @return the exit code: 0 when every item has one outcome and all counts agree, else 1
   */
  int run(URI root) {
    try (SluiceApi api = new SluiceApi(root)) {
      return run(api);
    } catch (DemoFailure failure) {
      if (stopped.getCount() > 0) {
        terminal.line("The demo failed: " + failure.getMessage());
      }
      return 1;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  /** Ends a run early, without a word. */
  void stop() {
    stopped.countDown();
  }

  private int run(SluiceApi api) throws DemoFailure, InterruptedException {
    int items = properties.items();
    terminal.line("");
    terminal.line(
        format(
            ROOT,
            "Sluice demo: %,d orders to %s (5 to 20 ms; about 5 %% answer 503, 1.5 %% answer 400)",
            items,
            destination.url(0).replaceFirst("/0$", "")));
    long before = System.nanoTime();
    SampleItems orders = new SampleItems(items, destination::url);
    String id = api.submit(orders, items);
    terminal.line(
        format(
            ROOT,
            "Accepted and durable as %s after %.1f s",
            id,
            (System.nanoTime() - before) / 1e9));
    BatchView batch = watch(api, id);
    if (!batch.finished()) {
      return 1;
    }
    int code = summary(api, batch);
    return code == 0 && properties.singleBatches() > 0 ? single(api, orders) : code;
  }

  private int single(SluiceApi api, SampleItems orders) throws DemoFailure, InterruptedException {
    long before = System.nanoTime();
    int count =
        new SingleOrders(api, orders, () -> stopped.getCount() == 0)
            .send(properties.items(), properties.singleBatches());
    terminal.line(
        format(
            ROOT,
            "%,d batches of one order each finished after %.1f s",
            count,
            (System.nanoTime() - before) / 1e9));
    return count == properties.singleBatches() ? 0 : 1;
  }

  private BatchView watch(SluiceApi api, String id) throws DemoFailure, InterruptedException {
    long start = System.nanoTime();
    while (true) {
      BatchView batch = api.batch(id);
      terminal.progress(progress(batch));
      if (batch.finished()) {
        return batch;
      }
      if (System.nanoTime() - start > properties.limit().toNanos()) {
        terminal.line(
            format(
                ROOT, "The demo failed: not finished after %d s.", properties.limit().toSeconds()));
        return batch;
      }
      if (stopped.await(terminal.interval().toMillis(), TimeUnit.MILLISECONDS)) {
        return batch;
      }
    }
  }

  private String progress(BatchView batch) {
    long settled = batch.settled();
    int filled = (int) (BAR_WIDTH * settled / Math.max(1, batch.total()));
    SampleDestination.Seen seen = destination.seen();
    return format(
        ROOT,
        "[%s%s] %,d/%,d  succeeded %,d  failed %,d  retries %,d  %,.0f/s%s",
        "#".repeat(filled),
        ".".repeat(BAR_WIDTH - filled),
        settled,
        batch.total(),
        batch.outcomes().getOrDefault("succeeded", 0L),
        batch.outcomes().getOrDefault("failed", 0L),
        seen.retries(),
        batch.ratePerSecond(),
        batch.finished() || batch.waitingOn().isEmpty() ? "" : "  waits: " + batch.waitingOn());
  }

  private int summary(SluiceApi api, BatchView batch) throws DemoFailure, InterruptedException {
    Tally tally = new Tally();
    api.results(batch.id(), tally::add);
    SampleDestination.Seen seen = destination.seen();
    terminal.line("");
    terminal.line(format(ROOT, "%s after %s", batch.state(), speed(batch)));
    batch
        .outcomes()
        .forEach(
            (outcome, count) -> {
              if (count > 0) {
                terminal.line(format(ROOT, "  %-12s %,10d", outcome, count));
              }
            });
    terminal.line(format(ROOT, "  %-12s %,10d", "total", batch.total()));
    terminal.line(
        format(
            ROOT,
            "  attempts %,d, retries %,d; the destination saw %,d requests of %,d items",
            batch.attempts(),
            tally.retries(),
            seen.requests(),
            seen.items()));
    terminal.line(
        format(
            ROOT,
            "  latency of the last attempt: p50 %d ms, p99 %d ms",
            tally.percentileMs(0.5),
            tally.percentileMs(0.99)));
    List<String> disagreements = tally.disagreements(properties.items(), batch, seen);
    if (disagreements.isEmpty()) {
      terminal.line(
          format(ROOT, "  everything adds up: %,d items, one outcome each", batch.total()));
    } else {
      disagreements.forEach(disagreement -> terminal.line("  DOES NOT ADD UP: " + disagreement));
    }
    next(api.root(), batch.id());
    return disagreements.isEmpty() ? 0 : 1;
  }

  private static String speed(BatchView batch) {
    Duration elapsed = batch.elapsed();
    if (elapsed == null || elapsed.isZero()) {
      return "an unknown time";
    }
    double seconds = elapsed.toMillis() / 1e3;
    return format(ROOT, "%.1f s: %,.0f items/s", seconds, batch.settled() / seconds);
  }

  private void next(URI root, String id) {
    String batch = root + "/v1/batches/" + id;
    terminal.line("");
    terminal.line("Try next:");
    terminal.line("  curl -s " + batch);
    terminal.line("  curl -s '" + batch + "/results?state=FAILED'");
    terminal.line("  curl -s " + batch + "/failures");
    terminal.line("");
    if (!properties.exit()) {
      terminal.line("Sluice keeps serving on " + root + "; Ctrl-C ends it.");
    }
  }
}
