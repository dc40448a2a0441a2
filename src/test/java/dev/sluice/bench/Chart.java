package dev.sluice.bench;

import java.util.List;
import java.util.Locale;

/** A picture in SVG, drawn from figures. */
record Chart(String svg) {

  private static final int WIDTH = 720;
  private static final int LABEL = 250;
  private static final int BAR = 24;
  private static final int HEIGHT = 300;
  private static final int MARGIN = 56;
  private static final List<String> COLOURS =
      List.of("#2563eb", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#64748b");

  /** A bar. */
  record Bar(String label, double value) {}

  /** A line through points; x must not be negative. */
  record Line(String label, List<double[]> points) {}

  /** Draws horizontal bars from zero. */
  static Chart bars(String title, String unit, List<Bar> bars) {
    double most = bars.stream().mapToDouble(Bar::value).filter(Double::isFinite).max().orElse(1);
    StringBuilder svg = open(title, 40 + bars.size() * (BAR + 8));
    int y = 36;
    for (Bar bar : bars) {
      boolean ours = bar.label.startsWith("Sluice");
      double width = (WIDTH - LABEL - 110) * (Double.isFinite(bar.value) ? bar.value / most : 0);
      svg.append(text(LABEL - 8, y + 17, "end", bar.label))
          .append(
              String.format(
                  Locale.ROOT,
                  "<rect x='%d' y='%d' width='%.1f' height='%d' fill='%s'/>",
                  LABEL,
                  y,
                  Math.max(1, width),
                  BAR,
                  ours ? COLOURS.get(0) : COLOURS.get(5)))
          .append(
              text(
                  LABEL + 6 + (int) width,
                  y + 17,
                  "start",
                  Section.number(bar.value) + " " + unit));
      y += BAR + 8;
    }
    return new Chart(svg.append("</svg>").toString());
  }

  /** Draws lines over a common origin. */
  static Chart lines(String title, String x, String y, List<Line> lines) {
    double mostX = most(lines, 0);
    double mostY = most(lines, 1);
    StringBuilder svg = open(title, HEIGHT + 60);
    int bottom = HEIGHT;
    svg.append(
        String.format(
            Locale.ROOT,
            "<path d='M%d 36V%dH%d' fill='none' stroke='#94a3b8'/>",
            MARGIN,
            bottom,
            WIDTH - 16));
    for (int step = 1; step <= 4; step++) {
      int height = bottom - (bottom - 44) * step / 4;
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d='M%d %dH%d' stroke='#e2e8f0'/>",
              MARGIN + 1,
              height,
              WIDTH - 16));
      svg.append(text(MARGIN - 6, height + 4, "end", Section.number(mostY * step / 4)));
      svg.append(
          text(
              MARGIN + (WIDTH - 16 - MARGIN) * step / 4,
              bottom + 18,
              "end",
              Section.number(mostX * step / 4)));
    }
    for (int i = 0; i < lines.size(); i++) {
      String colour = COLOURS.get(i % COLOURS.size());
      StringBuilder path = new StringBuilder();
      for (double[] point : lines.get(i).points) {
        double px = MARGIN + (WIDTH - 16 - MARGIN) * point[0] / mostX;
        double py = bottom - (bottom - 44) * point[1] / mostY;
        path.append(path.isEmpty() ? 'M' : 'L')
            .append(String.format(Locale.ROOT, "%.1f %.1f", px, py));
        svg.append(
            String.format(
                Locale.ROOT, "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>", px, py, colour));
      }
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d='%s' fill='none' stroke='%s' stroke-width='2'/>",
              path,
              colour));
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x='%d' y='%d' fill='%s' font-size='13'>%s</text>",
              MARGIN + 12,
              52 + 16 * i,
              colour,
              escape(lines.get(i).label)));
    }
    svg.append(text(WIDTH - 16, bottom + 38, "end", x)).append(text(8, 32, "start", y));
    return new Chart(svg.append("</svg>").toString());
  }

  private static double most(List<Line> lines, int coordinate) {
    return lines.stream()
        .flatMap(line -> line.points.stream())
        .mapToDouble(point -> point[coordinate])
        .filter(Double::isFinite)
        .max()
        .orElse(1);
  }

  private static StringBuilder open(String title, int height) {
    return new StringBuilder(
            String.format(
                Locale.ROOT,
                "<svg viewBox='0 0 %d %d' role='img' aria-label='%s'>",
                WIDTH,
                height,
                escape(title)))
        .append(
            String.format(
                Locale.ROOT,
                "<text x='0' y='16' font-size='14' font-weight='600'>%s</text>",
                escape(title)));
  }

  private static String text(int x, int y, String anchor, String text) {
    return String.format(
        Locale.ROOT,
        "<text x='%d' y='%d' text-anchor='%s' font-size='13'>%s</text>",
        x,
        y,
        anchor,
        escape(text));
  }

  /** Makes text safe inside markup. */
  static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;");
  }
}
