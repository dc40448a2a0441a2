package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One replica on PostgreSQL beside the same on its own file, and what the database pays. */
final class StoreComparison {

  private static final int CONCURRENCY = 64;
  private static final String WHOLE = ", POST to last outcome";
  private static final String DISPATCH = ", dispatch only";

  private final Plan plan;
  private final Database database;

  private long firstWalBytes;
  private long firstCpuMicros;
  private int sends;
  private int measuredRounds;

  private StoreComparison(Plan plan, Database database) {
    this.plan = plan;
    this.database = database;
  }

  /** Runs it with 64 in flight. */
  static Section run(Plan plan) throws IOException {
    try (Database database = Database.start();
        RunDirectory directory = RunDirectory.of(plan, "postgres");
        SinkProcess sink = SinkProcess.start(Cores.SHARED)) {
      return new StoreComparison(plan, database).run(directory.path(), sink.url());
    }
  }

  private Section run(Path directory, String url) throws IOException {
    List<Contender> contenders = new ArrayList<>();
    try {
      contenders.add(contender("Sluice on SQLite", directory, url));
      contenders.add(contender("Sluice on PostgreSQL", directory, url, database.arguments()));
      List<Measured> all = Contender.inTurn(contenders, plan, CONCURRENCY);
      long measured = (long) measuredRounds * plan.items();
      database.checkpoint();
      double cpuMicros = (database.cpuMicros() - firstCpuMicros) / (double) measured;
      double walBytes = (database.walBytes() - firstWalBytes) / (double) measured;
      return section(all, cpuMicros, walBytes);
    } finally {
      contenders.forEach(Contender::close);
    }
  }

  private Contender contender(String name, Path directory, String url, String... arguments)
      throws IOException {
    boolean onPostgres = arguments.length > 0;
    SluiceContender sluice =
        new SluiceContender(
            SluiceContender.prepare(
                    Files.createDirectories(directory.resolve(onPostgres ? "shared" : "file")),
                    CONCURRENCY,
                    Cores.SHARED,
                    arguments)
                .start(),
            url,
            plan.bodyBytes(),
            onPostgres ? database::cpuMicros : () -> 0);
    return new Stored(this, sluice, name, onPostgres);
  }

  /** What follows the warm-up is charged to the database, with all that it does meanwhile. */
  private void begins() {
    boolean warm = sends++ > 0 || plan.warmUpItems() == 0;
    if (warm && measuredRounds++ == 0) {
      database.checkpoint();
      database.forgetStatements();
      firstCpuMicros = database.cpuMicros();
      firstWalBytes = database.walBytes();
    }
  }

  private Section section(List<Measured> all, double cpuMicros, double walBytes) {
    Measured shared = all.get(2);
    Section section =
        new Section(
            "One replica on PostgreSQL",
            ("The same process on its own SQLite file and on PostgreSQL %s (its defaults and 128 MB"
                    + " of shared buffers, fsync on), which runs on the same cores; %,d items of %d B"
                    + " a round, %d rounds in turn after a warm-up of %,d each, %d in flight. CPU of"
                    + " the database is that of all its server processes, from /proc.")
                .formatted(
                    database.version(),
                    plan.items(),
                    plan.bodyBytes(),
                    plan.rounds(),
                    plan.warmUpItems(),
                    CONCURRENCY));
    Section.Table table =
        new Section.Table(
            CONCURRENCY + " in flight",
            "items/s",
            "lowest–highest",
            "CPU µs/item",
            "database CPU µs/item",
            "lowest–highest",
            "items/s ÷ SQLite",
            "CPU of both ÷ SQLite");
    for (int i = 0; i < all.size(); i++) {
      Measured one = all.get(i);
      Measured file = all.get(i % 2);
      table.row(
          one.name(),
          Section.number(one.median(Round::itemsPerSecond)),
          span(one, Round::itemsPerSecond),
          Section.number(one.median(Round::cpuMicrosPerItem)),
          Section.number(one.median(Round::databaseCpuMicrosPerItem)),
          span(one, Round::databaseCpuMicrosPerItem),
          Section.number(one.ratioTo(file, Round::itemsPerSecond)),
          Section.number(
              one.ratioTo(
                  file, round -> round.cpuMicrosPerItem() + round.databaseCpuMicrosPerItem())));
    }
    section.add(table).add(sizing(shared, cpuMicros, walBytes)).add(tables());
    database.addStatements(section, (long) measuredRounds * plan.items());
    return section
        .add(
            Section.Finding.atLeast(
                "items/s on PostgreSQL ÷ on SQLite, POST to last outcome",
                all.get(2).ratioTo(all.get(0), Round::itemsPerSecond),
                0.85,
                Double.NaN))
        .add(
            Section.Finding.atLeast(
                "items/s on PostgreSQL ÷ on SQLite, dispatch only",
                all.get(3).ratioTo(all.get(1), Round::itemsPerSecond),
                0.85,
                Double.NaN))
        .add(
            Section.Finding.atMost(
                "database CPU µs per item, POST to last outcome",
                shared.median(Round::databaseCpuMicrosPerItem),
                6,
                Double.NaN))
        .add(
            Section.Finding.atMost(
                "database CPU µs per item, with checkpoints, vacuum and idle time",
                cpuMicros,
                Double.NaN,
                6));
  }

  private static Section.Table sizing(Measured shared, double cpuMicros, double walBytes) {
    return new Section.Table("to reckon with", "figure")
        .row("items/s of one replica", Section.number(shared.median(Round::itemsPerSecond)))
        .row("database CPU ms per 1,000 items, all told", Section.number(cpuMicros))
        .row("write-ahead log B per item", Section.number(walBytes));
  }

  private Section.Table tables() {
    long items = plan.warmUpItems() + (long) measuredRounds * plan.items();
    Section.Table table = new Section.Table("on the disk, B per item", "table", "indexes");
    for (Database.Size size : database.sizes()) {
      table.row(
          size.table(),
          Section.number(size.tableBytes() / (double) items),
          Section.number(size.indexBytes() / (double) items));
    }
    return table;
  }

  private static String span(Measured one, ToDoubleFunction<Round> measure) {
    return Section.number(one.lowest(measure)) + "–" + Section.number(one.highest(measure));
  }

  /**
   * A process on one of the stores; nobody reads its results, which would be the database's work.
   */
  private record Stored(
      StoreComparison comparison, SluiceContender sluice, String name, boolean onPostgres)
      implements Contender {

    @Override
    public List<Round> send(int items, int concurrency) {
      if (onPostgres) {
        comparison.begins();
      }
      return sluice.sendOnly(items, "").rounds();
    }

    @Override
    public List<String> names() {
      return List.of(name + WHOLE, name + DISPATCH);
    }

    @Override
    public long pid() {
      return sluice.pid();
    }

    @Override
    public void close() {
      sluice.close();
    }
  }
}
