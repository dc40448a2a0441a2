package dev.sluice.hostile;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A server on loopback that misbehaves in every way of the {@link Faults} catalogue: the path
 * chooses the fault, and faults that no path can choose have ports of their own. {@link #main} runs
 * it for any client.
 */
public final class HostileDestination implements AutoCloseable {

  private static final Map<String, Fault> BY_PATH =
      Faults.all().stream()
          .filter(fault -> fault.place() instanceof Place.Path)
          .collect(Collectors.toMap(fault -> "/" + fault.name(), Function.identity()));

  private final Oracle oracle = new Oracle();
  private final Map<Fault, Door> ports = new java.util.LinkedHashMap<>();
  private final Door paths;
  private int nextPort;

  private HostileDestination(int port) throws IOException {
    paths = Door.serving(port, oracle, HostileDestination::serve);
    nextPort = port == 0 ? 0 : port + 1;
  }

  /** Starts on free ports. */
  public static HostileDestination start() throws IOException {
    return new HostileDestination(0);
  }

  /** Serves until the process ends: {@code HostileDestination --port 9099}. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    HostileDestination destination = new HostileDestination(port(List.of(arguments)));
    List<List<String>> rows = new ArrayList<>();
    for (Fault fault : Faults.all()) {
      rows.add(List.of(destination.url(fault), fault.description()));
    }
    int width = rows.stream().mapToInt(row -> row.getFirst().length()).max().orElse(0);
    rows.forEach(row -> System.out.printf("%-" + width + "s  %s%n", row.getFirst(), row.get(1)));
    Thread.currentThread().join();
  }

  private static int port(List<String> arguments) {
    if (arguments.size() != 2 || !arguments.getFirst().equals("--port")) {
      throw new IllegalArgumentException("Usage: HostileDestination --port <port>");
    }
    return Integer.parseInt(arguments.get(1));
  }

  private static void serve(Wire wire) throws IOException {
    for (String path = wire.readPath(); path != null; path = wire.readPath()) {
      Fault fault = BY_PATH.get(path);
      if (fault != null && fault.place() instanceof Place.Path(Script script)) {
        script.serve(wire);
      } else {
        wire.readRequest();
        wire.reply(path.equals("/well") ? 200 : 404, "");
      }
      if (wire.isClosed()) {
        return;
      }
    }
  }

  /** Gives where a fault is met; opens its port if it needs one. */
  public synchronized String url(Fault fault) throws IOException {
    return switch (fault.place()) {
      case Place.Path _ -> "http://127.0.0.1:" + paths.port() + "/" + fault.name();
      case Place.Port(String scheme, Place.Listening listening) -> {
        Door door = ports.get(fault);
        if (door == null) {
          door = listening.open(nextPort, oracle);
          ports.put(fault, door);
          nextPort += nextPort == 0 ? 0 : 1;
        }
        yield scheme + "://127.0.0.1:" + door.port() + "/" + fault.name();
      }
    };
  }

  /** Gives what certainly happened here. */
  public Oracle oracle() {
    return oracle;
  }

  /** Ends every connection. */
  @Override
  public synchronized void close() throws IOException {
    paths.close();
    for (Door door : ports.values()) {
      door.close();
    }
  }
}
