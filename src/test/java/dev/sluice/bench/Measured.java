package dev.sluice.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The rounds of one contender under one condition. */
final class Measured {

  private final String name;
  private final List<Round> rounds = new ArrayList<>();
  private long peakResidentMebibytes;

  Measured(String name) {
    this.name = name;
  }

  void add(Round round, long residentMebibytes) {
    rounds.add(round);
    peakResidentMebibytes = Math.max(peakResidentMebibytes, residentMebibytes);
  }

  String name() {
    return name;
  }

  long peakResidentMebibytes() {
    return peakResidentMebibytes;
  }

  long errors() {
    return rounds.stream().mapToLong(Round::errors).sum();
  }

  /** Throws when a request of any round failed. */
  void requireNoErrors() {
    for (Round round : rounds) {
      var _ = round.withoutErrors();
    }
  }

  double median(ToDoubleFunction<Round> measure) {
    return medianOf(rounds.stream().mapToDouble(measure).toArray());
  }

  double lowest(ToDoubleFunction<Round> measure) {
    return rounds.stream().mapToDouble(measure).min().orElse(Double.NaN);
  }

  double highest(ToDoubleFunction<Round> measure) {
    return rounds.stream().mapToDouble(measure).max().orElse(Double.NaN);
  }

  /**
   * Gives the median of the quotients of rounds that ran one after the other, so that what the
   * machine did meanwhile touches both alike.
   */
  double ratioTo(Measured other, ToDoubleFunction<Round> measure) {
    int count = Math.min(rounds.size(), other.rounds.size());
    double[] ratios = new double[count];
    for (int i = 0; i < count; i++) {
      ratios[i] = measure.applyAsDouble(rounds.get(i)) / measure.applyAsDouble(other.rounds.get(i));
    }
    return medianOf(ratios);
  }

  /** Gives a table of all, each beside the first. */
  static Section.Table comparison(String title, List<Measured> all) {
    Measured first = all.getFirst();
    Section.Table table =
        new Section.Table(
            title,
            "items/s",
            "CPU µs/item",
            "lowest–highest",
            "errors",
            "items/s ÷ " + first.name,
            "CPU ÷ " + first.name);
    for (Measured one : all) {
      table.row(
          one.name,
          Section.number(one.median(Round::itemsPerSecond)),
          Section.number(one.median(Round::cpuMicrosPerItem)),
          Section.number(one.lowest(Round::cpuMicrosPerItem))
              + "–"
              + Section.number(one.highest(Round::cpuMicrosPerItem)),
          Long.toString(one.errors()),
          Section.number(one.ratioTo(first, Round::itemsPerSecond)),
          Section.number(one.ratioTo(first, Round::cpuMicrosPerItem)));
    }
    return table;
  }

  static double medianOf(double... values) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
