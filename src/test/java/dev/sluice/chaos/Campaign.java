package dev.sluice.chaos;

import dev.sluice.chaos.agent.Mutation;
import dev.sluice.chaos.agent.Mutations;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Many lives of Sluice on one data directory, each under load and ended in its own way; at last one
 * that finishes everything, and the check of it all. One thread.
 */
final class Campaign implements AutoCloseable {

  /**
   * What had begun ends within this. Shards that ended two processes go on one item at a time, with
   * two commits each: on a busy machine a minute and a half was too short for those of 25 lives.
   */
  private static final Duration DRAIN = Duration.ofMinutes(15);

  /** Something broken may never end; what is only slow must not be taken for it. */
  private static final Duration SHORT_DRAIN = Duration.ofSeconds(60);

  /** What the disk has lost never ends, and that is all that is looked for. */
  private static final Duration LOST_DRAIN = Duration.ofSeconds(12);

  private static final int POISONED = 400;

  private final Path directory;
  private final Settings settings;
  private final Random random;
  private final Oracle oracle;
  private final Story story = new Story();
  private final Path agent;
  private final List<String> broken;
  private final List<Duration> restarts = new ArrayList<>();
  private final Duration limit;
  private int run;

  /**
   * @param directory an empty one
   * @param seed of all that is random
   * @param mutation to break every process with; null for none
   */
  Campaign(Path directory, long seed, Settings settings, @Nullable String mutation)
      throws IOException {
    this.directory = Files.createDirectories(directory);
    this.settings = settings;
    this.random = new Random(seed);
    this.oracle = new Oracle(directory.resolve("oracle.log"), seed);
    this.agent = AgentJar.in(directory);
    this.limit = limit(mutation);
    this.broken = mutation == null ? List.of() : List.of("break=" + mutation);
  }

  private static Duration limit(@Nullable String mutation) {
    if (mutation == null) {
      return DRAIN;
    }
    return Mutations.named(mutation).nets().contains(Mutation.Net.POWER) ? LOST_DRAIN : SHORT_DRAIN;
  }

  /** Lives one life. */
  void cycle(Ending ending) {
    Instant startedAt = Instant.now();
    story.cycle();
    oracle.beginRun(++run);
    oracle.setDoor(random.nextInt(3) > 0);
    try (SluiceProcess process = process(ending.agentOptions())) {
      long launched = System.nanoTime();
      process.launch();
      boolean ready = ending.waitsForReady() && process.becomesReady();
      if (ready && ending.agentOptions().isEmpty()) {
        restarts.add(Duration.ofNanos(System.nanoTime() - launched));
      }
      Ending.Cost cost = live(process, ready, ending);
      story.ended(new Story.Run(run, startedAt, Instant.now(), cost.duplicates(), cost.doubts()));
    } catch (IllegalStateException failure) {
      story.fault("Run " + run + ", " + ending.describe() + ": " + failure.getMessage());
      story.ended(new Story.Run(run, startedAt, Instant.now(), 0, 0));
    }
  }

  private Ending.Cost live(SluiceProcess process, boolean ready, Ending ending) {
    Ending.Life life = new Ending.Life(process, ready, settings, random, story);
    if (!ready) {
      return ending.end(life);
    }
    try (Load _ =
        new Load(story, oracle, rootOf(process), ending.need(), new Random(random.nextLong()))) {
      return ending.end(life);
    }
  }

  private static Supplier<List<URI>> rootOf(SluiceProcess process) {
    List<URI> root = List.of(process.uri());
    return () -> root;
  }

  private SluiceProcess process(List<String> options) {
    List<String> all = new ArrayList<>(broken);
    all.addAll(options);
    return SluiceProcess.in(directory, settings.arguments().toArray(String[]::new))
        .jvm(jvm(agent, all).toArray(String[]::new));
  }

  /**
   * Gives the options of a JVM with a small heap, and with the agent when it is to do something.
   *
   * @param agentOptions what it is to do
   */
  static List<String> jvm(Path agent, List<String> agentOptions) {
    List<String> jvm = new ArrayList<>(List.of("-Xmx192m", "-XX:+UseSerialGC"));
    if (!agentOptions.isEmpty()) {
      jvm.add("-javaagent:" + agent + "=" + String.join(",", agentOptions));
      // With an agent the ahead-of-time cache is of no use, and these lives are short: the simple
      // compiler alone halves the processor time of a start.
      jvm.add("-XX:TieredStopAtLevel=1");
    }
    return jvm;
  }

  /** Has an item in the next submission that ends every process that is about to send it. */
  Submission poison() {
    int number = story.nextNumber();
    Submission submission = Submission.poisoned(number, POISONED, oracle.url("/" + number));
    story.add(submission);
    story.unfinished().add(submission);
    return submission;
  }

  /** Starts once more, lets everything end and checks it. */
  Findings finish() throws IOException {
    oracle.beginRun(++run);
    oracle.setDoor(true);
    Findings findings = new Findings(story, restarts);
    try (SluiceProcess process = process(List.of())) {
      long launched = System.nanoTime();
      process.launch();
      if (!process.becomesReady()) {
        story.fault("The last start failed:\n" + process.log());
        return findings;
      }
      restarts.add(Duration.ofNanos(System.nanoTime() - launched));
      endWhatWasBegun(story, oracle, rootOf(process), limit);
      try (Client client = new Client(rootOf(process))) {
        Checker checker = new Checker(story, client.http(), findings);
        if (checker.awaitEnd(limit)) {
          checker.check(oracle.sightings((sender, _) -> sender), CostOfCrashes.ofSuccessors(story));
        }
      }
    } catch (RuntimeException | AssertionError failure) {
      story.fault("The last run failed: " + failure);
    }
    return findings;
  }

  /** Ends what clients had begun. */
  static void endWhatWasBegun(
      Story story, Oracle oracle, Supplier<List<URI>> roots, Duration limit) {
    try (Load rest = Load.rest(story, oracle, roots)) {
      long deadline = System.nanoTime() + limit.toNanos();
      while (!rest.isDone()) {
        if (System.nanoTime() > deadline) {
          story.fault("Clients could not end what they had begun within " + limit);
          return;
        }
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    }
  }

  /** Tells whether nothing was seen yet that must not be. */
  boolean isGood() {
    return story.faultCount() == 0;
  }

  @Override
  public void close() {
    oracle.close();
  }
}
