package dev.sluice.bench;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.JsonNode;

/**
 * The packaged service, on its embedded store unless its properties say otherwise. A round is
 * measured twice: from the first byte of the POST to the last outcome committed, and from the
 * sealed batch on. A batch is not dispatched before its submission is answered, so the phases do
 * not overlap.
 */
final class SluiceContender implements Contender {

  static final String WHOLE = "Sluice, POST to last outcome";
  static final String DISPATCH = "Sluice, dispatch only";

  private final SluiceProcess process;
  private final SluiceClient client;
  private final IntFunction<String> lines;
  private final LongSupplier databaseCpuMicros;
  private Round intake;

  /**
   * Takes a started process.
   *
   * @param url where every item goes
   */
  SluiceContender(SluiceProcess process, String url, int bodyBytes) {
    this(process, url, bodyBytes, () -> 0);
  }

  /**
   * Takes a started process that uses a database server.
   *
   * @param databaseCpuMicros gives what the server has taken so far
   */
  SluiceContender(
      SluiceProcess process, String url, int bodyBytes, LongSupplier databaseCpuMicros) {
    this(process, new SluiceClient(process.uri()), Events.lines(url, bodyBytes), databaseCpuMicros);
  }

  /**
   * Takes a started process and what its batches are made of.
   *
   * @param lines gives the NDJSON line of an index
   */
  SluiceContender(SluiceProcess process, SluiceClient client, IntFunction<String> lines) {
    this(process, client, lines, () -> 0);
  }

  private SluiceContender(
      SluiceProcess process,
      SluiceClient client,
      IntFunction<String> lines,
      LongSupplier databaseCpuMicros) {
    this.process = process;
    this.client = client;
    this.lines = lines;
    this.databaseCpuMicros = databaseCpuMicros;
    this.intake = new Round(0, 0, 0, Round.Percentiles.UNKNOWN, 0);
  }

  /** Gives an NDJSON line, the same for all, where what is stored is not what is measured. */
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
    Sent sent = sendOnly(items, options);
    Round.Percentiles exchange = exchange(client, sent.id);
    return sent.rounds.stream().map(round -> round.with(exchange)).toList();
  }

  /**
   * A batch that is finished.
   *
   * @param rounds in the order of {@link #names}, without times of exchanges
   */
  record Sent(String id, List<Round> rounds) {}

  /** Sends with options of the batch and reads no result. */
  Sent sendOnly(int items, String options) {
    Used start = used();
    long startNanos = System.nanoTime();
    String id =
        client.submit(
            items, "expectedItems=" + items + (options.isEmpty() ? "" : "&" + options), lines);
    double intakeSeconds = (System.nanoTime() - startNanos) / 1e9;
    Used accepted = used();
    JsonNode batch = finished(id);
    Used finished = used();
    double dispatchSeconds = dispatchSeconds(batch);
    long failed = items - batch.path("counts").path("succeeded").asLong();
    intake = round(items, intakeSeconds, start, accepted, 0);
    return new Sent(
        id,
        List.of(
            round(items, intakeSeconds + dispatchSeconds, start, finished, failed),
            round(items, dispatchSeconds, accepted, finished, failed)));
  }

  private record Used(long cpuMicros, long databaseCpuMicros) {}

  private Used used() {
    return new Used(ProcessCost.of(pid()).cpuMicros(), databaseCpuMicros.getAsLong());
  }

  private static Round round(int items, double seconds, Used from, Used to, long failed) {
    return new Round(
        items,
        seconds,
        to.cpuMicros - from.cpuMicros,
        to.databaseCpuMicros - from.databaseCpuMicros,
        Round.Percentiles.UNKNOWN,
        failed);
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
