package dev.sluice.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One line of the laboratory's table: a scenario over all its data directories. */
final class Row {

  private static final List<String> COLUMNS =
      List.of(
          "scenario",
          "cycles",
          "accepted",
          "lost",
          "duplicates max/bound",
          "IN_DOUBT max/bound",
          "restart p99",
          "takeover p99",
          "verdict");

  private final String scenario;
  private final List<Duration> restarts = new ArrayList<>();
  private final Takeovers takeovers = new Takeovers();
  private final List<String> faults = new ArrayList<>();
  private int cycles;
  private long accepted;
  private long lost;
  private int mostDuplicates;
  private int duplicateBound;
  private int mostDoubts;
  private int doubtBound;
  private String verdict = "";
  private boolean skipped;

  Row(String scenario) {
    this.scenario = scenario;
  }

  String scenario() {
    return scenario;
  }

  /** Adds what one directory showed. */
  void add(Findings findings) {
    count(findings);
    faults.addAll(findings.faults());
  }

  /** Adds figures of something that was meant to fail. */
  void count(Findings findings) {
    cycles += findings.cycleCount();
    accepted += findings.acceptedItems();
    lost += findings.lostItems();
    mostDuplicates = Math.max(mostDuplicates, findings.mostDuplicates());
    duplicateBound = Math.max(duplicateBound, findings.duplicateBound());
    mostDoubts = Math.max(mostDoubts, findings.mostDoubts());
    doubtBound = Math.max(doubtBound, findings.doubtBound());
    restarts.addAll(findings.restarts());
    takeovers.add(findings.takeovers());
  }

  /** Adds starts of a process that had so much to do. */
  void restarted(List<Duration> starts, int items) {
    cycles += starts.size();
    accepted += items;
    restarts.addAll(starts);
  }

  /** Adds runs that no real process took part in. */
  void simulated(int runs, long items) {
    cycles += runs;
    accepted += items;
  }

  void fault(String text) {
    faults.add(text);
  }

  void skip(String why) {
    skipped = true;
    verdict = "skipped: " + why;
  }

  boolean isSkipped() {
    return skipped;
  }

  void verdict(String text) {
    verdict = text;
  }

  List<String> faults() {
    return faults;
  }

  boolean isGood() {
    return faults.isEmpty();
  }

  long lost() {
    return lost;
  }

  /** Gives rows as aligned text. */
  static String table(List<Row> rows) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(COLUMNS);
    rows.forEach(row -> lines.add(row.cells()));
    StringBuilder text = new StringBuilder();
    for (List<String> line : lines) {
      for (int column = 0; column < line.size(); column++) {
        int position = column;
        int width = lines.stream().mapToInt(each -> each.get(position).length()).max().orElse(0);
        boolean left = column == 0 || column == line.size() - 1;
        text.append(
            String.format(
                Locale.ROOT, left ? "%-" + width + "s  " : "%" + width + "s  ", line.get(column)));
      }
      text.append('\n');
    }
    return text.toString();
  }

  private List<String> cells() {
    return List.of(
        scenario,
        Integer.toString(cycles),
        String.format(Locale.ROOT, "%,d", accepted),
        Long.toString(lost),
        mostDuplicates + "/" + duplicateBound,
        mostDoubts + "/" + doubtBound,
        restarts.isEmpty() ? "-" : Findings.p99(restarts).toMillis() + " ms",
        takeovers.toString(),
        isGood() ? (verdict.isEmpty() ? "holds" : verdict) : faults.size() + " FAULTS");
  }
}
