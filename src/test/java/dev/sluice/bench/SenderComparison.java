package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * All contenders, interleaved: A B C, A B C, so that a slow minute of the machine touches all
 * alike.
 */
final class SenderComparison {

  static final String WEB_CLIENT = "WebClient's exchange function";
  static final String JDK = "JDK HttpClient, virtual threads";

  private static final double NONE = Double.NaN;

  private final Plan plan;
  private final Cores cores;
  private final Optional<GoSender> go;

  SenderComparison(Plan plan, Cores cores) throws IOException {
    this.plan = plan;
    this.cores = cores;
    this.go = GoSender.build(Files.createDirectories(plan.directory()));
  }

  /** Runs it under every concurrency, or under the first alone when cores are kept apart. */
  Section run() throws IOException {
    Section section =
        new Section(
            "Senders compared, " + cores.words(),
            ("%,d requests with a JSON body of %d B a round, %d rounds after a warm-up of %,d; the"
                    + " destination answers at once. Sluice is measured twice: from the first byte of"
                    + " the POST to the last outcome on disk, and the dispatch phase alone. The others"
                    + " store and report nothing. Exchange times of Sluice are those it reports for"
                    + " every item, in whole milliseconds.%s%s")
                .formatted(
                    plan.items(),
                    plan.bodyBytes(),
                    plan.rounds(),
                    plan.warmUpItems(),
                    cores == Cores.APART
                        ? " Here each sender has one core to itself, the destination the other."
                        : "",
                    go.isPresent()
                        ? ""
                        : " No go tool is on the path: the Go sender is left out, and with it every"
                            + " ratio to it."));
    if (cores == Cores.APART && !Cores.canBeApart()) {
      return new Section(section.title(), "Left out: it needs two cores and taskset.");
    }
    List<Integer> concurrencies =
        cores == Cores.APART ? plan.concurrencies().subList(0, 1) : plan.concurrencies();
    for (int concurrency : concurrencies) {
      report(section, concurrency, measure(concurrency));
    }
    return section;
  }

  private List<Measured> measure(int concurrency) throws IOException {
    Path directory =
        Files.createDirectories(
            plan.directory()
                .resolve("run")
                .resolve(cores.name().toLowerCase(Locale.ROOT) + "-" + concurrency));
    cores.moveThisProcess();
    List<Contender> contenders = new ArrayList<>();
    try (SinkProcess sink = SinkProcess.start(cores)) {
      String url = sink.url();
      go.ifPresent(
          sender -> {
            contenders.add(sender.common(cores, url, plan.bodyBytes()));
            contenders.add(sender.tuned(cores, url, plan.bodyBytes()));
          });
      contenders.add(SenderProcess.java(WEB_CLIENT, "webclient", cores, url, plan.bodyBytes()));
      contenders.add(SenderProcess.java(JDK, "jdk", cores, url, plan.bodyBytes()));
      contenders.add(
          new SluiceContender(
              SluiceContender.prepare(directory, concurrency, cores).start(),
              url,
              plan.bodyBytes()));
      return Contender.inTurn(contenders, plan, concurrency);
    } finally {
      contenders.forEach(Contender::close);
      Cores.SHARED.moveThisProcess();
      Directories.delete(directory);
    }
  }

  private void report(Section section, int concurrency, List<Measured> all) {
    Measured common = find(all, GoSender.COMMON);
    Section.Table table =
        new Section.Table(
            concurrency + " in flight",
            "items/s",
            "lowest–highest",
            "CPU µs/item",
            "lowest–highest",
            "peak MiB",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "errors",
            "items/s ÷ Go",
            "CPU ÷ Go");
    for (Measured one : all) {
      table.row(
          one.name(),
          Section.number(one.median(Round::itemsPerSecond)),
          span(one.lowest(Round::itemsPerSecond), one.highest(Round::itemsPerSecond)),
          Section.number(one.median(Round::cpuMicrosPerItem)),
          span(one.lowest(Round::cpuMicrosPerItem), one.highest(Round::cpuMicrosPerItem)),
          Long.toString(one.peakResidentMebibytes()),
          Section.number(one.median(round -> round.exchange().p50())),
          Section.number(one.median(round -> round.exchange().p99())),
          Section.number(one.median(round -> round.exchange().p999())),
          Long.toString(one.errors()),
          common == null ? "–" : Section.number(one.ratioTo(common, Round::itemsPerSecond)),
          common == null ? "–" : Section.number(one.ratioTo(common, Round::cpuMicrosPerItem)));
    }
    section.add(table);
    section.add(
        Chart.bars(
            "CPU per item, " + concurrency + " in flight, " + cores.words() + " (less is better)",
            "µs",
            all.stream()
                .map(one -> new Chart.Bar(one.name(), one.median(Round::cpuMicrosPerItem)))
                .toList()));
    section.add(
        Chart.bars(
            "Speed, " + concurrency + " in flight, " + cores.words(),
            "items/s",
            all.stream()
                .map(one -> new Chart.Bar(one.name(), one.median(Round::itemsPerSecond)))
                .toList()));
    findings(section, concurrency, all);
  }

  private void findings(Section section, int concurrency, List<Measured> all) {
    Measured whole = find(all, SluiceContender.WHOLE);
    Measured dispatch = find(all, SluiceContender.DISPATCH);
    Measured webClient = find(all, WEB_CLIENT);
    Measured common = find(all, GoSender.COMMON);
    Measured tuned = find(all, GoSender.TUNED);
    if (whole == null || dispatch == null || webClient == null) {
      throw new IllegalStateException("A contender is missing, indicates a bug");
    }
    String at = ", " + concurrency + " in flight";
    if (cores == Cores.APART) {
      section.add(
          Section.Finding.atLeast(
              "Sluice dispatch items/s ÷ Go, a core each" + at,
              common == null ? NONE : dispatch.ratioTo(common, Round::itemsPerSecond),
              1.4,
              1.6));
      return;
    }
    section.add(
        Section.Finding.atMost(
            "Sluice POST to last outcome, CPU ÷ Go" + at,
            common == null ? NONE : whole.ratioTo(common, Round::cpuMicrosPerItem),
            1.0,
            concurrency >= 1000 ? 0.7 : 0.8));
    section.add(
        Section.Finding.atMost(
            "Sluice POST to last outcome, CPU ÷ Go tuned" + at,
            tuned == null ? NONE : whole.ratioTo(tuned, Round::cpuMicrosPerItem),
            NONE,
            1.0));
    section.add(
        Section.Finding.atMost(
            "Sluice dispatch CPU ÷ bare WebClient" + at,
            dispatch.ratioTo(webClient, Round::cpuMicrosPerItem),
            1.5,
            1.25));
  }

  private static Measured find(List<Measured> all, String name) {
    return all.stream().filter(one -> one.name().equals(name)).findFirst().orElse(null);
  }

  private static String span(double from, double to) {
    return Section.number(from) + "–" + Section.number(to);
  }
}
