package dev.sluice.bench;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.JsonNode;

/**
 * The packaged service on its embedded store. A round is measured twice: from the first byte of the
 * POST to the last outcome committed, and from the sealed batch on. A batch is not dispatched
 * before its submission is answered, so the phases do not overlap.
 */
final class SluiceContender implements Contender {

  static final String WHOLE = "Sluice, POST to last outcome";
  static final String DISPATCH = "Sluice, dispatch only";

  private final SluiceProcess process;
  private final SluiceClient client;
  private final String line;
  private Round intake;

  /**
   * Takes a started process.
   *
   * @param url where every item goes
   */
  SluiceContender(SluiceProcess process, String url, int bodyBytes) {
    this.process = process;
    this.client = new SluiceClient(process.uri());
    this.line = line(url, bodyBytes);
    this.intake = new Round(0, 0, 0, Round.Percentiles.UNKNOWN, 0);
  }

  /** Gives an NDJSON line. */
  static String line(String url, int bodyBytes) {
    return "{\"url\":\"%s\",\"body\":%s}".formatted(url, SenderMain.body(bodyBytes));
  }

  /** Prepares a process whose lanes hold so many places, with further properties. */
  static SluiceProcess prepare(Path directory, int concurrency, Cores cores, String... properties) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--sluice.dispatch.concurrency=" + concurrency,
                "--sluice.dispatch.ceiling=" + Math.max(200, concurrency),
                "--sluice.dispatch.global-concurrency=" + Math.max(1000, concurrency),
                "--sluice.attempt.max-connections-per-destination="
                    + (Math.max(200, concurrency) + 16)));
    arguments.addAll(List.of(properties));
    return SluiceProcess.in(directory, arguments.toArray(String[]::new))
        .jvm(JvmOptions.and())
        .wrapped(cores::contender);
  }

  @Override
  public List<Round> send(int items, int concurrency) {
    return send(items, "");
  }

  /**
   * Sends with options of the batch.
   *
   * @param options query parameters, such as {@code concurrency=8}; may be empty
   */
  List<Round> send(int items, String options) {
    ProcessCost start = ProcessCost.of(pid());
    long startNanos = System.nanoTime();
    String id =
        client.submit(
            items, "expectedItems=" + items + (options.isEmpty() ? "" : "&" + options), _ -> line);
    double intakeSeconds = (System.nanoTime() - startNanos) / 1e9;
    ProcessCost accepted = ProcessCost.of(pid());
    JsonNode batch = finished(id);
    ProcessCost finished = ProcessCost.of(pid());
    double dispatchSeconds = dispatchSeconds(batch);
    long failed = items - batch.path("counts").path("succeeded").asLong();
    Round.Percentiles exchange = exchange(client, id);
    intake =
        new Round(
            items,
            intakeSeconds,
            accepted.cpuMicros() - start.cpuMicros(),
            Round.Percentiles.UNKNOWN,
            0);
    return List.of(
        new Round(
            items,
            intakeSeconds + dispatchSeconds,
            finished.cpuMicros() - start.cpuMicros(),
            exchange,
            failed),
        new Round(
            items, dispatchSeconds, finished.cpuMicros() - accepted.cpuMicros(), exchange, failed));
  }

  /** Waits as a client should: one long question instead of many short ones. */
  private JsonNode finished(String id) {
    long deadline = System.nanoTime() + Plan.LIMIT.toNanos();
    while (System.nanoTime() < deadline) {
      SluiceClient.Answer answer =
          client.send(client.request("/v1/batches/" + id).header("Prefer", "wait=50").GET());
      if (answer.json().path("state").asString().equals("COMPLETED")) {
        return answer.json();
      }
    }
    throw new IllegalStateException("Batch " + id + " did not finish within " + Plan.LIMIT);
  }

  /** Gives the time from the sealed batch to its last outcome. */
  static double dispatchSeconds(JsonNode batch) {
    return Duration.between(
                Instant.parse(batch.path("sealedAt").asString()),
                Instant.parse(batch.path("finishedAt").asString()))
            .toNanos()
        / 1e9;
  }

  /** Reads what Sluice tells about every item that ended, in whole milliseconds. */
  static Round.Percentiles exchange(SluiceClient client, String id) {
    Histogram took = new Histogram(2);
    client.results(id, "", result -> took.recordValue(result.path("latencyMs").asLong()));
    return new Round.Percentiles(
        took.getValueAtPercentile(50),
        took.getValueAtPercentile(99),
        took.getValueAtPercentile(99.9));
  }

  /** Gives the intake phase of the latest round. */
  Round intake() {
    return intake;
  }

  @Override
  public List<String> names() {
    return List.of(WHOLE, DISPATCH);
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    client.close();
    process.close();
  }
}
