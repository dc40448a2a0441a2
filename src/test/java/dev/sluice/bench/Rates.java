package dev.sluice.bench;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** How exactly a rate is kept, and how soon a new one holds: of a destination, and of a batch. */
final class Rates {

  private static final List<Integer> PER_SECOND = List.of(10, 500, 20_000);
  private static final Duration BEFORE = Duration.ofSeconds(3);
  private static final Duration MEASURED = Duration.ofSeconds(10);
  private static final Duration SLICE = Duration.ofMillis(100);
  private static final double TOLERANCE = 0.02;

  private final Plan plan;
  private final SluiceClient client;

  private Rates(Plan plan, SluiceClient client) {
    this.plan = plan;
    this.client = client;
  }

  private record Kept(double perSecond, double mostInASlice, double afterChange, double ofBatch) {}

  /** Runs it. */
  static Section run(Plan plan) throws IOException {
    try (RunDirectory directory = RunDirectory.of(plan, "rates");
        SluiceProcess process = SluiceProcess.in(directory.path()).jvm(JvmOptions.and()).start();
        SluiceClient client = new SluiceClient(process.uri())) {
      Rates rates = new Rates(plan, client);
      rates.warmUp();
      return rates.measure();
    }
  }

  private void warmUp() {
    try (SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      client.awaitFinished(submit(sink, plan.warmUpItems(), ""), Duration.ofMinutes(5));
    }
  }

  private String submit(SinkProcess sink, int items, String options) {
    String line = SluiceContender.line(sink.url(), plan.bodyBytes());
    return client.submit(items, "expectedItems=" + items + options, _ -> line);
  }

  private Section measure() {
    Section section =
        new Section(
            "A rate, kept and changed",
            ("A destination has a rate and 64 places, and more items wait than it allows. Counted by the destination"
                    + " for %d s, and for the busiest %d ms of them. Then the rate is halved while the"
                    + " batch runs, and counted again from one second after; so is the rate of a batch"
                    + " whose destination has none.")
                .formatted(MEASURED.toSeconds(), SLICE.toMillis()));
    Section.Table table =
        new Section.Table(
            "per second",
            "sent per second",
            "÷ rate",
            "busiest 100 ms ÷ its share",
            "halved: ÷ rate",
            "a batch's own, halved: ÷ rate");
    for (int rate : PER_SECOND) {
      Kept kept = send(rate);
      double share = kept.mostInASlice / (rate * SLICE.toMillis() / 1000.0);
      table.row(
          Integer.toString(rate),
          Section.number(kept.perSecond),
          Section.number(kept.perSecond / rate),
          Section.number(share),
          Section.number(kept.afterChange / (rate / 2.0)),
          Section.number(kept.ofBatch / (rate / 2.0)));
      section
          .add(off("rate of " + rate + "/s", kept.perSecond / rate))
          .add(off("rate of " + rate + "/s, halved, after 1 s", kept.afterChange / (rate / 2.0)))
          .add(
              off(
                  "rate of " + rate + "/s of a batch, halved, after 1 s",
                  kept.ofBatch / (rate / 2.0)));
    }
    return section.add(table);
  }

  private static Section.Finding off(String what, double ratio) {
    return Section.Finding.atMost(what + ", off by", Math.abs(ratio - 1), TOLERANCE, Double.NaN);
  }

  private Kept send(int rate) {
    try (SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      set(sink, rate);
      Duration whole = BEFORE.plus(MEASURED).plus(MEASURED).plusSeconds(5);
      String id = submit(sink, (int) (rate * whole.toSeconds()), "");
      LockSupport.parkNanos(BEFORE.toNanos());
      double[] busiest = {0};
      double perSecond = count(sink, busiest);
      set(sink, rate / 2);
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      double afterChange = count(sink, new double[1]);
      client.post("/v1/batches/" + id + "/cancel");
      return new Kept(perSecond, busiest[0], afterChange, halvedOfBatch(rate));
    }
  }

  private double halvedOfBatch(int rate) {
    try (SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      patch("/v1/destinations/" + key(sink), "{\"concurrency\":64}");
      Duration whole = BEFORE.plus(MEASURED).plusSeconds(5);
      String id = submit(sink, (int) (rate * whole.toSeconds()), "&rate.permits=" + rate);
      LockSupport.parkNanos(BEFORE.toNanos());
      patch("/v1/batches/" + id, "{\"rate\":{\"permits\":" + rate / 2 + "}}");
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      double afterChange = count(sink, new double[1]);
      client.post("/v1/batches/" + id + "/cancel");
      return afterChange;
    }
  }

  /** Gives what arrives per second; {@code busiest} takes the most that came in one slice. */
  private static double count(SinkProcess sink, double[] busiest) {
    long startedNanos = System.nanoTime();
    long first = sink.seen().requests();
    long last = first;
    long sliceNanos = startedNanos;
    while (System.nanoTime() - startedNanos < MEASURED.toNanos()) {
      LockSupport.parkNanos(SLICE.toNanos());
      long seen = sink.seen().requests();
      long now = System.nanoTime();
      busiest[0] =
          Math.max(busiest[0], (seen - last) * (double) SLICE.toNanos() / (now - sliceNanos));
      last = seen;
      sliceNanos = now;
    }
    return (last - first) * 1e9 / (sliceNanos - startedNanos);
  }

  private void set(SinkProcess sink, int rate) {
    patch(
        "/v1/destinations/" + key(sink),
        "{\"concurrency\":64,\"rate\":{\"permits\":" + rate + "}}");
  }

  private static String key(SinkProcess sink) {
    return sink.url().replace("http://", "http:").replaceFirst("/.*", "");
  }

  private void patch(String path, String json) {
    SluiceClient.Answer answer = client.patch(path, json);
    if (answer.status() != 200) {
      throw new IllegalStateException("The rate could not be set: " + answer.response().body());
    }
  }
}
