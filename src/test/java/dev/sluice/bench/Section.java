package dev.sluice.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A part of the report: what was asked, what came out, how it compares with what was hoped for.
 *
 * @param title a heading
 * @param text for a reader who has never seen the project: what was done and how to read it
 * @param tables figures
 * @param charts the same as pictures
 * @param findings figures that have a target
 */
record Section(
    String title, String text, List<Table> tables, List<Chart> charts, List<Finding> findings) {

  Section(String title, String text) {
    this(title, text, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
  }

  Section add(Table table) {
    tables.add(table);
    return this;
  }

  Section add(Chart chart) {
    charts.add(chart);
    return this;
  }

  Section add(Finding finding) {
    findings.add(finding);
    return this;
  }

  /** Makes a section; takes minutes. */
  @FunctionalInterface
  interface Scenario {
    Section run(Plan plan) throws IOException;
  }

  /** Rows of text; the first column is a name, the others are figures. */
  record Table(List<String> columns, List<List<String>> rows) {

    Table(String... columns) {
      this(List.of(columns), new ArrayList<>());
    }

    Table row(String... cells) {
      if (cells.length != columns.size()) {
        throw new IllegalArgumentException("A row of " + cells.length + " for " + columns);
      }
      rows.add(List.of(cells));
      return this;
    }

    /** Gives the table as aligned text. */
    String asText() {
      StringBuilder text = new StringBuilder();
      List<List<String>> all = new ArrayList<>();
      all.add(columns);
      all.addAll(rows);
      for (List<String> row : all) {
        for (int column = 0; column < row.size(); column++) {
          int position = column;
          int width = all.stream().mapToInt(line -> line.get(position).length()).max().orElse(0);
          String format = column == 0 ? "%-" + width + "s" : "  %" + width + "s";
          text.append(String.format(Locale.ROOT, format, row.get(column)));
        }
        text.append('\n');
      }
      return text.toString();
    }
  }

  /**
   * A figure with a target.
   *
   * @param figure what was measured
   * @param value what came out
   * @param atLeast whether more is better
   * @param must the limit that has to hold; NaN when there is none
   * @param goal what is hoped for; NaN when there is none
   */
  record Finding(String figure, double value, boolean atLeast, double must, double goal) {

    static Finding atMost(String figure, double value, double must, double goal) {
      return new Finding(figure, value, false, must, goal);
    }

    static Finding atLeast(String figure, double value, double must, double goal) {
      return new Finding(figure, value, true, must, goal);
    }

    /** Gives "met", "met, goal missed", "missed" or "not measured". */
    String verdict() {
      if (Double.isNaN(value)) {
        return "not measured";
      }
      if (!Double.isNaN(must) && !holds(must)) {
        return "missed";
      }
      return Double.isNaN(goal) || holds(goal) ? "met" : "goal missed";
    }

    private boolean holds(double limit) {
      return atLeast ? value >= limit : value <= limit;
    }

    /** Gives the limit in words. */
    String target() {
      String sign = atLeast ? "≥ " : "≤ ";
      String mustText = Double.isNaN(must) ? "" : "must " + sign + number(must);
      String goalText = Double.isNaN(goal) ? "" : "goal " + sign + number(goal);
      return mustText + (mustText.isEmpty() || goalText.isEmpty() ? "" : ", ") + goalText;
    }
  }

  /** Gives a figure with as many digits as it deserves. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    double size = Math.abs(value);
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }
}
