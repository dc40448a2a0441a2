package dev.sluice.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One HTML page that needs nothing else: what holds first, then how it was measured. */
final class Report {

  private static final String STYLE =
      """
      body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;color:#0f172a}
      h1{margin-bottom:.2rem}h2{margin-top:2.5rem}p{max-width:75ch}
      table{border-collapse:collapse;margin:1rem 0;font-size:14px}
      th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #e2e8f0;font-variant-numeric:tabular-nums}
      th:first-child,td:first-child{text-align:left}th{border-bottom:2px solid #94a3b8}
      svg{width:100%;max-width:720px;display:block;margin:1rem 0}
      .met{color:#047857}.missed{color:#b91c1c;font-weight:600}.goal-missed{color:#b45309}
      small{color:#64748b}
      """;

  private final List<Section> sections = new ArrayList<>();
  private final Path file;
  private final String machine;

  Report(Path directory) {
    this.file = directory.resolve("index.html");
    this.machine = machine();
  }

  /** Adds a section, prints it and writes the page anew, so that a broken run leaves a report. */
  void add(Section section) throws IOException {
    sections.add(section);
    System.out.println("\n" + section.title() + "\n");
    for (Section.Table table : section.tables()) {
      System.out.println(table.asText());
    }
    if (!section.findings().isEmpty()) {
      System.out.println(findings(section.findings()).asText());
    }
    Files.writeString(file, page(), StandardCharsets.UTF_8);
  }

  /** Prints all findings once more. */
  void close() {
    List<Section.Finding> all =
        sections.stream().flatMap(section -> section.findings().stream()).toList();
    System.out.println("\nTargets\n\n" + findings(all).asText());
    System.out.println("Report: " + file.toUri());
  }

  private static Section.Table findings(List<Section.Finding> findings) {
    Section.Table table = new Section.Table("figure", "measured", "target", "verdict");
    for (Section.Finding finding : findings) {
      table.row(
          finding.figure(), Section.number(finding.value()), finding.target(), finding.verdict());
    }
    return table;
  }

  private String page() {
    StringBuilder html = new StringBuilder(16_384);
    html.append(
            "<!doctype html><html lang='en'><meta charset='utf-8'><title>Sluice benchmark</title>")
        .append("<meta name='viewport' content='width=device-width'><style>")
        .append(STYLE)
        .append("</style><h1>How fast is Sluice?</h1><p><small>")
        .append(Chart.escape(machine))
        .append(
            "</small></p><p>Sluice stores a batch of HTTP requests durably, sends each one, and")
        .append(" reports what happened to it. This page compares it with senders that only send.")
        .append(" CPU is user and system time of the sender's whole process. Machines differ and")
        .append(
            " drift: trust ratios of rounds that ran one after the other, not single figures.</p>");
    List<Section.Finding> all =
        sections.stream().flatMap(section -> section.findings().stream()).toList();
    if (!all.isEmpty()) {
      html.append("<h2>Targets</h2>");
      append(html, findings(all));
    }
    for (Section section : sections) {
      html.append("<h2>").append(Chart.escape(section.title())).append("</h2><p>");
      html.append(Chart.escape(section.text())).append("</p>");
      section.charts().forEach(chart -> html.append(chart.svg()));
      section.tables().forEach(table -> append(html, table));
    }
    return html.append("</html>\n").toString();
  }

  private static void append(StringBuilder html, Section.Table table) {
    html.append("<table><tr>");
    table.columns().forEach(column -> html.append("<th>").append(Chart.escape(column)));
    for (List<String> row : table.rows()) {
      html.append("<tr>");
      for (String cell : row) {
        String css =
            List.of("met", "missed", "goal missed").contains(cell)
                ? " class='" + cell.replace(' ', '-') + "'"
                : "";
        html.append("<td").append(css).append('>').append(Chart.escape(cell));
      }
    }
    html.append("</table>");
  }

  private static String machine() {
    String processor = "unknown processor";
    try {
      processor =
          Files.readString(Path.of("/proc/cpuinfo"))
              .lines()
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1).trim())
              .findFirst()
              .orElse(processor);
    } catch (IOException unreadable) {
      System.err.println("No /proc/cpuinfo: " + unreadable);
    }
    return "%s, %d cores, %s %s, %s %s"
        .formatted(
            processor,
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("java.vm.name"),
            Runtime.version());
  }
}
