package dev.sluice.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A {@link Sink} in a process of its own. */
final class SinkProcess implements AutoCloseable {

  private final ChildProcess process;
  private final List<Integer> ports;

  private SinkProcess(ChildProcess process) {
    this.process = process;
    this.ports = Arrays.stream(process.hear().split(" ", -1)).map(Integer::valueOf).toList();
  }

  /** Starts one that answers at once. */
  static SinkProcess start(Cores cores) {
    return start(cores, 1, Duration.ZERO);
  }

  /** Starts one with so many ports that answers after a delay. */
  static SinkProcess start(Cores cores, int portCount, Duration delay) {
    return start(cores, portCount, delay, Integer.MAX_VALUE);
  }

  /** Starts one that refuses more than {@code limit} at once. */
  static SinkProcess start(Cores cores, int portCount, Duration delay, int limit) {
    List<String> command =
        ChildProcess.java(
            Sink.class,
            List.of("-XX:+UseSerialGC"),
            Integer.toString(portCount),
            Long.toString(delay.toMillis()),
            Integer.toString(limit));
    return new SinkProcess(ChildProcess.start(cores.other(command), Map.of()));
  }

  /** Gives the address of its first port. */
  String url() {
    return url(0);
  }

  String url(int port) {
    return "http://127.0.0.1:" + ports.get(port) + "/sink";
  }

  Sink.Seen seen() {
    return Sink.Seen.parse(process.ask("seen"));
  }

  @Override
  public void close() {
    process.close();
  }
}
