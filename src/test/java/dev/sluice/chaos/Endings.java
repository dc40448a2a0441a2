package dev.sluice.chaos;

import dev.sluice.chaos.agent.Point;
import dev.sluice.chaos.agent.Point.Need;
import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The ways in which the laboratory ends processes. */
final class Endings {

  private static final int HALTED = 137;
  private static final int EX_CONFIG = 78;

  /** A start alone may take a third of it on a busy machine. */
  private static final Duration REACH = Duration.ofSeconds(60);

  private static final Duration EXIT = Duration.ofSeconds(60);

  private Endings() {}

  static void pause(Duration duration) {
    long until = System.nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static void pause(Ending.Life life, int fromMillis, int toMillis) {
    pause(Duration.ofMillis(fromMillis + life.random().nextInt(toMillis - fromMillis)));
  }

  /**
   * SIGKILL at a random time.
   *
   * @param withinMillis of readiness, or of the launch
   * @param starting whether the start is not waited for
   */
  record Kill(int withinMillis, boolean starting) implements Ending {

    @Override
    public boolean waitsForReady() {
      return !starting;
    }

    @Override
    public Cost end(Life life) {
      pause(life, 0, withinMillis);
      life.process().kill();
      return life.crash();
    }

    @Override
    public String describe() {
      return starting ? "SIGKILL while starting" : "SIGKILL";
    }
  }

  /** The n-th pass of a point ends the process. */
  record Halt(Point point, int hit) implements Ending {

    @Override
    public List<String> agentOptions() {
      return List.of("halt=" + point.name() + "#" + hit);
    }

    @Override
    public Need need() {
      return point.need();
    }

    @Override
    public Cost end(Life life) {
      SluiceProcess process = life.process();
      if (point.need() == Need.TERM && process.isAlive()) {
        pause(life, 300, 900);
        process.terminate();
      }
      int exit;
      try {
        exit = process.awaitExit(REACH);
      } catch (IllegalStateException _) {
        process.kill();
        exit = 0;
      }
      if (exit != HALTED) {
        life.story()
            .fault(
                "%s: the process ended with %d instead of there:%n%s"
                    .formatted(describe(), exit, tail(process)));
      }
      return life.crash();
    }

    @Override
    public String describe() {
      return "halt at " + point.name() + ", hit " + hit;
    }
  }

  /** The disk loses its power. */
  record PowerLoss(Disk disk, int withinMillis) implements Ending {

    @Override
    public Cost end(Life life) {
      pause(life, 300, withinMillis);
      Signals.stop(life.process().pid());
      Path copy = disk.copy();
      life.process().kill();
      try {
        disk.swap(copy);
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
      return life.crash();
    }

    @Override
    public String describe() {
      return "power loss";
    }
  }

  /** SIGTERM under load: only what the drain cut may be sent twice. */
  record Terminate() implements Ending {

    private static final Pattern CUT =
        Pattern.compile(
            "exchanges=\"?(\\d+)\"?.*within the drain|within the drain.*exchanges=\"?(\\d+)");

    @Override
    public Cost end(Life life) {
      pause(life, 300, 1_500);
      life.process().terminate();
      return afterTermination(life.process(), life.story());
    }

    /** Waits for the end of a process that was told to end, and gives what its drain cut. */
    static Cost afterTermination(SluiceProcess process, Story story) {
      int exit = process.awaitExit(EXIT);
      if (exit != 0) {
        story.fault("SIGTERM gave " + exit + ":\n" + tail(process));
      }
      int cut = cut(process.log());
      return new Cost(cut, cut);
    }

    private static int cut(String log) {
      Matcher matcher = CUT.matcher(log);
      if (!matcher.find()) {
        if (log.contains("within the drain")) {
          throw new IllegalStateException("How many exchanges were cut is not in:\n" + log);
        }
        return 0;
      }
      return Integer.parseInt(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
    }

    @Override
    public String describe() {
      return "SIGTERM";
    }
  }

  /** SIGSTOP for a while; a rival must be refused meanwhile, and nothing happens twice after. */
  record Zombie(Duration stopped) implements Ending {

    @Override
    public Cost end(Life life) {
      pause(life, 500, 1_000);
      SluiceProcess process = life.process();
      long until = System.nanoTime() + stopped.toNanos();
      Signals.stop(process.pid());
      try (SluiceProcess rival = process.rival().launch()) {
        refused(rival, life.story());
      }
      pause(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
      Signals.resume(process.pid());
      pause(life, 1_000, 2_000);
      return new Terminate().end(life);
    }

    private static void refused(SluiceProcess rival, Story story) {
      if (rival.becomesReady()) {
        story.fault("A second process on the directory of a stopped one was not refused");
        return;
      }
      int exit = rival.awaitExit(EXIT);
      if (exit != EX_CONFIG) {
        story.fault("A second process ended with " + exit + " instead of 78:\n" + tail(rival));
      }
    }

    @Override
    public String describe() {
      return "SIGSTOP for " + stopped.toSeconds() + " s";
    }
  }

  /** An item ends the process, until it has been found and does not any more. */
  static final class Poison implements Ending {

    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Submission submission;
    private boolean found;

    Poison(Submission submission) {
      this.submission = submission;
    }

    /** Tells whether the item has an outcome. */
    boolean isFound() {
      return found;
    }

    @Override
    public List<String> agentOptions() {
      return List.of("poison=" + Submission.POISON);
    }

    @Override
    public Cost end(Life life) {
      SluiceProcess process = life.process();
      long deadline = System.nanoTime() + LIMIT.toNanos();
      while (process.isAlive() && !found) {
        if (System.nanoTime() > deadline) {
          life.story().fault("An item should end the process or end itself within " + LIMIT);
          break;
        }
        pause(LOOK);
        found = hasEnded(process);
      }
      if (process.isAlive()) {
        process.kill();
      } else if (process.awaitExit(EXIT) != HALTED) {
        life.story().fault("An item should end the process:\n" + tail(process));
      }
      return life.crash();
    }

    private boolean hasEnded(SluiceProcess process) {
      String id = submission.batchId();
      if (id == null) {
        return false;
      }
      try (SluiceClient client = new SluiceClient(process.uri())) {
        String path = "/v1/batches/" + id + "/items/" + submission.poisonIndex();
        return client.get(path).json().path("state").asString().equals("FAILED");
      } catch (UncheckedIOException _) {
        return false; // the process has just ended
      }
    }

    @Override
    public String describe() {
      return "an item ends the process";
    }
  }

  private static String tail(SluiceProcess process) {
    List<String> lines = process.log().lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
  }
}
