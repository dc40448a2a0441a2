package dev.sluice.bench;

import dev.sluice.fixture.PostgresServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sluice beside libraries that keep one row per job, on one PostgreSQL and with one destination.
 * They are on the class path with the profile {@code queues} only.
 */
final class JobQueues {

  private static final int CONCURRENCY = 64;
  private static final int JOBS = Integer.getInteger("bench.jobs", 20_000);

  private final Plan plan;
  private final Database database;
  private final List<Queue> queues = new ArrayList<>();

  /**
   * A library with its rounds.
   *
   * @param times how much faster Sluice is to be
   */
  private record Queue(
      String name, QueueProcess process, Measured whole, Measured working, double times) {}

  private JobQueues(Plan plan, Database database) {
    this.plan = plan;
    this.database = database;
  }

  /** Runs it with 64 in flight. */
  static Section run(Plan plan) throws IOException {
    Optional<String> missing = QueueProcess.missing();
    if (missing.isPresent()) {
      return new Section("Job queues compared", "Left out: " + missing.get());
    }
    try (Database database = Database.start();
        RunDirectory directory = RunDirectory.of(plan, "queues");
        SinkProcess sink = SinkProcess.start(Cores.SHARED);
        SluiceContender sluice =
            new SluiceContender(
                SluiceContender.prepare(
                        directory.path(), CONCURRENCY, Cores.SHARED, database.arguments())
                    .start(),
                sink.url(),
                plan.bodyBytes(),
                database::cpuMicros)) {
      JobQueues scenario = new JobQueues(plan, database);
      try {
        scenario.start("db-scheduler", sink.url(), 10);
        scenario.start("JobRunr", sink.url(), 30);
        return scenario.measure(sluice);
      } finally {
        scenario.queues.forEach(queue -> queue.process.close());
      }
    }
  }

  private void start(String kind, String url, double times) {
    PostgresServer.Database own = database.another();
    QueueProcess process =
        QueueProcess.start(kind, url, plan.bodyBytes(), CONCURRENCY, own, database::cpuMicros);
    String name = process.version();
    queues.add(
        new Queue(
            name,
            process,
            new Measured(name + ", jobs stored and done"),
            new Measured(name + ", stored jobs done"),
            times));
  }

  private Section measure(SluiceContender sluice) {
    Measured whole = new Measured(SluiceContender.WHOLE);
    Measured working = new Measured(SluiceContender.DISPATCH);
    if (plan.warmUpItems() > 0) {
      var _ = sluice.sendOnly(plan.warmUpItems(), "");
      queues.forEach(queue -> queue.process.run(JOBS));
    }
    for (int round = 0; round < plan.rounds(); round++) {
      List<Round> rounds = sluice.sendOnly(plan.items(), "").rounds();
      add(whole, rounds.get(0), sluice.pid());
      add(working, rounds.get(1), sluice.pid());
      for (Queue queue : queues) {
        List<Round> jobs = queue.process.run(JOBS);
        add(queue.whole, jobs.get(0), queue.process.pid());
        add(queue.working, jobs.get(1), queue.process.pid());
      }
    }
    return section(whole, working);
  }

  private static void add(Measured measured, Round round, long pid) {
    measured.add(round.withoutErrors(), ProcessCost.peakResidentMebibytes(pid));
  }

  private Section section(Measured whole, Measured working) {
    Section section =
        new Section(
            "Job queues compared",
            ("One job per request on one PostgreSQL %s, the same destination, the same HTTP client"
                    + " (WebClient, pooled), %d in flight, virtual threads, each in a JVM with the"
                    + " options of Sluice. Jobs carry the body of %d B and are stored in batches with"
                    + " the workers at rest, then done; %,d items of Sluice and %,d jobs a round, %d"
                    + " rounds in turn. db-scheduler locks and fetches, with the limits of its own"
                    + " benchmark; JobRunr has its shortest poll interval, and its table is emptied"
                    + " between rounds. Neither keeps what became of a request beyond that its job"
                    + " is done.")
                .formatted(
                    database.version(),
                    CONCURRENCY,
                    plan.bodyBytes(),
                    plan.items(),
                    JOBS,
                    plan.rounds()));
    Section.Table table =
        new Section.Table(
            CONCURRENCY + " in flight",
            "per second",
            "CPU µs each",
            "database CPU µs each",
            "Sluice ÷ it");
    row(table, whole, whole);
    row(table, working, working);
    for (Queue queue : queues) {
      row(table, queue.whole, whole);
      row(table, queue.working, working);
    }
    section.add(table);
    for (Queue queue : queues) {
      section
          .add(finding(whole, queue.whole, queue.times))
          .add(finding(working, queue.working, queue.times));
    }
    return section;
  }

  private static void row(Section.Table table, Measured one, Measured sluice) {
    table.row(
        one.name(),
        Section.number(one.median(Round::itemsPerSecond)),
        Section.number(one.median(Round::cpuMicrosPerItem)),
        Section.number(one.median(Round::databaseCpuMicrosPerItem)),
        Section.number(sluice.ratioTo(one, Round::itemsPerSecond)));
  }

  private static Section.Finding finding(Measured sluice, Measured queue, double times) {
    return Section.Finding.atLeast(
        "items/s ÷ " + queue.name(),
        sluice.ratioTo(queue, Round::itemsPerSecond),
        times,
        Double.NaN);
  }
}
