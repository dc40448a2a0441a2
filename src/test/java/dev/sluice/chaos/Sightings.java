package dev.sluice.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private final List<String> strange = new ArrayList<>();

  private Sightings() {}

  /** One request. */
  static final class Sighting {
    private final int run;
    private final int attempt;
    private long crc;
    private boolean whole;
    private int reply = NO_REPLY;

    private Sighting(int run, int attempt) {
      this.run = run;
      this.attempt = attempt;
    }

    /** Gives the run whose process sent it. */
    int run() {
      return run;
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

  static Sightings read(Path file) throws IOException {
    Sightings sightings = new Sightings();
    Map<Long, Sighting> byNumber = new HashMap<>();
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] words = line.split(" ", -1);
        long number = Long.parseLong(words[1]);
        switch (words[0]) {
          case "B" ->
              byNumber.put(
                  number,
                  sightings.add(words[3], Integer.parseInt(words[2]), Integer.parseInt(words[4])));
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

  private Sighting add(String key, int run, int attempt) {
    Sighting sighting = new Sighting(run, attempt);
    int dash = key.lastIndexOf('-');
    if (dash < 1 || attempt < 1) {
      strange.add(key + ", attempt " + attempt);
      return sighting;
    }
    byBatch
        .computeIfAbsent(key.substring(0, dash), _ -> new HashMap<>())
        .computeIfAbsent(Integer.parseInt(key.substring(dash + 1)), _ -> new ArrayList<>(2))
        .add(sighting);
    return sighting;
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
