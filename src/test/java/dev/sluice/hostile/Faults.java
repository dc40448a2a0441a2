package dev.sluice.hostile;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The catalogue. */
public final class Faults {

  private static final List<Fault> ALL =
      Stream.of(
              ConnectFaults.ALL,
              TlsFaults.ALL,
              BreakFaults.ALL,
              SlowFaults.ALL,
              EndlessFaults.ALL,
              GarbageFaults.ALL,
              FramingFaults.ALL,
              ReuseFaults.ALL,
              StatusFaults.ALL)
          .flatMap(List::stream)
          .toList();

  private static final int WAVE = 8;

  private Faults() {}

  /** Gives every fault; names are unique. */
  public static List<Fault> all() {
    return ALL;
  }

  /**
   * Gives every fault in groups that can be met at the same time on a few cores: what floods goes
   * alone.
   */
  public static List<List<Fault>> waves() {
    List<List<Fault>> waves = new ArrayList<>();
    List<Fault> wave = new ArrayList<>();
    for (Fault fault : ALL) {
      if (fault.floods()) {
        waves.add(List.of(fault));
        continue;
      }
      wave.add(fault);
      if (wave.size() == WAVE) {
        waves.add(List.copyOf(wave));
        wave.clear();
      }
    }
    waves.add(List.copyOf(wave));
    return waves;
  }

  /** Gives one. */
  public static Fault named(String name) {
    return ALL.stream()
        .filter(fault -> fault.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("No fault is called " + name));
  }
}
