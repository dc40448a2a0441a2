package dev.sluice.bench;

import java.util.List;
import java.util.Map;

/** A sender that obeys {@code run <items> <concurrency>} lines; see {@link SenderMain}. */
final class SenderProcess implements Contender {

  private final String name;
  private final ChildProcess process;

  SenderProcess(String name, List<String> command, Map<String, String> environment) {
    this.name = name;
    this.process = ChildProcess.start(command, environment);
  }

  /** Starts one of the kinds of {@link SenderMain} with the options that every JVM here gets. */
  static SenderProcess java(String name, String kind, Cores cores, String url, int bodyBytes) {
    List<String> command =
        ChildProcess.java(
            SenderMain.class, JvmOptions.RECOMMENDED, kind, url, Integer.toString(bodyBytes));
    return new SenderProcess(name, cores.contender(command), Map.of());
  }

  @Override
  public List<Round> send(int items, int concurrency) {
    ProcessCost before = ProcessCost.of(pid());
    String[] answer = process.ask("run " + items + " " + concurrency).split(" ", -1);
    long cpuMicros = ProcessCost.of(pid()).cpuMicros() - before.cpuMicros();
    Round.Percentiles exchange =
        Round.Percentiles.ofNanos(
            Long.parseLong(answer[2]), Long.parseLong(answer[3]), Long.parseLong(answer[4]));
    return List.of(
        new Round(
            items,
            Long.parseLong(answer[0]) / 1e9,
            cpuMicros,
            exchange,
            Long.parseLong(answer[1])));
  }

  @Override
  public List<String> names() {
    return List.of(name);
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.close();
  }
}
