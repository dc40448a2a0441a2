package dev.sluice.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the oracle's file says, by batch and item. */
final class Sightings {

  /** Reply of a request that got none. */
  static final int NO_REPLY = -2;

  private final Map<String, Map<Integer, List<Sighting>>> byBatch = new HashMap<>();
  private final List<Sighting> all = new ArrayList<>();
  private final List<String> strange = new ArrayList<>();

  private Sightings() {}

  /** Tells which run's process sent something. */
  @FunctionalInterface
  interface Senders {

    /**
     * Gives the number of the run.
     *
     * @param sender as the oracle knows it
     * @param at when it came
     */
    int run(int sender, Instant at);
  }

  /** One request. */
  static final class Sighting {
    private final int run;
    private final int sender;
    private final Instant at;
    private final int attempt;
    private long crc;
    private boolean whole;
    private int reply = NO_REPLY;

    private Sighting(int run, int sender, Instant at, int attempt) {
      this.run = run;
      this.sender = sender;
      this.at = at;
      this.attempt = attempt;
    }

    /** Gives the run whose process sent it. */
    int run() {
      return run;
    }

    /** Gives who sent it, as the oracle knows it. */
    int sender() {
      return sender;
    }

    Instant at() {
      return at;
    }

    int attempt() {
      return attempt;
    }

    long crc() {
      return crc;
    }

    boolean whole() {
      return whole;
    }

    int reply() {
      return reply;
    }

    boolean isBroken() {
      return reply == Answers.RESET || reply == Answers.RESET_EARLY;
    }
  }

  /**
   * Reads the oracle's file.
   *
   * @param origin from which it counts
   */
  static Sightings read(Path file, Instant origin, Senders senders) throws IOException {
    Sightings sightings = new Sightings();
    Map<Long, Sighting> byNumber = new HashMap<>();
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] words = line.split(" ", -1);
        long number = Long.parseLong(words[1]);
        switch (words[0]) {
          case "B" -> {
            int sender = Integer.parseInt(words[2]);
            Instant at = origin.plus(Long.parseLong(words[5]), ChronoUnit.MICROS);
            Sighting sighting =
                new Sighting(senders.run(sender, at), sender, at, Integer.parseInt(words[4]));
            sightings.add(words[3], sighting);
            byNumber.put(number, sighting);
          }
          case "W" -> {
            Sighting sighting = known(byNumber, number, line);
            sighting.crc = Long.parseLong(words[2]);
            sighting.whole = true;
          }
          case "R" -> known(byNumber, number, line).reply = Integer.parseInt(words[2]);
          default -> throw new IOException("Unknown line in " + file + ": " + line);
        }
      }
    }
    return sightings;
  }

  private static Sighting known(Map<Long, Sighting> byNumber, long number, String line)
      throws IOException {
    Sighting sighting = byNumber.get(number);
    if (sighting == null) {
      throw new IOException("A request that never began: " + line);
    }
    return sighting;
  }

  private void add(String key, Sighting sighting) {
    all.add(sighting);
    int dash = key.lastIndexOf('-');
    if (dash < 1 || sighting.attempt < 1) {
      strange.add(key + ", attempt " + sighting.attempt);
      return;
    }
    byBatch
        .computeIfAbsent(key.substring(0, dash), _ -> new HashMap<>())
        .computeIfAbsent(Integer.parseInt(key.substring(dash + 1)), _ -> new ArrayList<>(2))
        .add(sighting);
  }

  /** Gives all requests, in the order they came. */
  List<Sighting> all() {
    return all;
  }

  /** Gives requests without key or attempt number. */
  List<String> strange() {
    return strange;
  }

  Set<String> batchIds() {
    return byBatch.keySet();
  }

  /** Gives the requests of one item, in the order they came. */
  List<Sighting> of(String batchId, int index) {
    return byBatch.getOrDefault(batchId, Map.of()).getOrDefault(index, List.of());
  }

  /** Gives the items of a batch that were seen. */
  Set<Integer> items(String batchId) {
    return byBatch.getOrDefault(batchId, Map.of()).keySet();
  }
}
