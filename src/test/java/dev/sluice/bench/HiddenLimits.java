package dev.sluice.bench;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** How near the adaptive limit comes to a destination that takes N at once and refuses the rest. */
final class HiddenLimits {

  private static final List<Integer> LIMITS = List.of(4, 32, 150);
  private static final Duration REPLY = Duration.ofMillis(50);
  private static final Duration BEFORE = Duration.ofSeconds(10);
  private static final Duration MEASURED = Duration.ofSeconds(20);

  private final Plan plan;
  private final SluiceClient client;

  private HiddenLimits(Plan plan, SluiceClient client) {
    this.plan = plan;
    this.client = client;
  }

  private record Kept(double goodPerSecond, double refusedShare) {}

  /** Runs it with every limit of Sluice at its default. */
  static Section run(Plan plan) throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "limits");
        SluiceProcess process = SluiceProcess.in(directory.path()).jvm(JvmOptions.and()).start();
        SluiceClient client = new SluiceClient(process.uri())) {
      return new HiddenLimits(plan, client).measure();
    }
  }

  private Section measure() {
    Section section =
        new Section(
            "A destination with a limit that nobody told",
            ("A destination answers in %d ms, takes so many requests at once and refuses what is more"
                    + " with 503, at once. Sluice finds the limit itself, from 8 in flight on, and is"
                    + " then set to exactly that limit, which is the best a person could do. Counted"
                    + " by the destination from %d s after the batch was accepted, for %d s.")
                .formatted(REPLY.toMillis(), BEFORE.toSeconds(), MEASURED.toSeconds()));
    Section.Table table =
        new Section.Table("at once", "found: good/s", "set: good/s", "found ÷ set", "refused %");
    for (int limit : LIMITS) {
      Kept found = send(limit, false);
      Kept set = send(limit, true);
      double ratio = found.goodPerSecond / set.goodPerSecond;
      table.row(
          Integer.toString(limit),
          Section.number(found.goodPerSecond),
          Section.number(set.goodPerSecond),
          Section.number(ratio),
          Section.number(found.refusedShare * 100));
      section
          .add(
              Section.Finding.atLeast(
                  "hidden limit of " + limit + ", found ÷ set", ratio, 0.9, Double.NaN))
          .add(
              Section.Finding.atMost(
                  "hidden limit of " + limit + ", refused %",
                  found.refusedShare * 100,
                  3,
                  Double.NaN));
    }
    return section.add(table);
  }

  /** A sink of its own each time: a destination without history. */
  private Kept send(int limit, boolean told) {
    try (SinkProcess sink = SinkProcess.start(Cores.SHARED, 1, REPLY, limit)) {
      if (told) {
        tell(sink, limit);
      }
      String line = SluiceContender.line(sink.url(), plan.bodyBytes());
      long most = limit * (BEFORE.plus(MEASURED).toMillis() / REPLY.toMillis()) * 3 / 2;
      String id = client.submit((int) most, "expectedItems=" + most, _ -> line);
      LockSupport.parkNanos(BEFORE.toNanos());
      Sink.Seen before = sink.seen();
      long startedNanos = System.nanoTime();
      LockSupport.parkNanos(MEASURED.toNanos());
      Sink.Seen after = sink.seen();
      double seconds = (System.nanoTime() - startedNanos) / 1e9;
      client.post("/v1/batches/" + id + "/cancel");
      long all = after.requests() - before.requests();
      long refused = after.refused() - before.refused();
      return new Kept((all - refused) / seconds, (double) refused / Math.max(1, all));
    }
  }

  private void tell(SinkProcess sink, int limit) {
    String key = sink.url().replace("http://", "http:").replaceFirst("/.*", "");
    SluiceClient.Answer answer =
        client.send(
            client
                .request("/v1/destinations/" + key)
                .header("Content-Type", "application/merge-patch+json")
                .method("PATCH", BodyPublishers.ofString("{\"concurrency\":" + limit + "}")));
    if (answer.status() != 200) {
      throw new IllegalStateException("The limit could not be set: " + answer.response().body());
    }
  }
}
