package dev.sluice.chaos;

import dev.sluice.chaos.Ending.Cost;
import dev.sluice.fixture.DatabaseProxy;
import dev.sluice.fixture.SluiceProcess;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One of several processes on a database, with a number by which the oracle and the database know
 * it. It lives one life after the other; peers that take it for dead end one as well. One thread.
 */
final class Replica implements AutoCloseable {

  private final int number;
  private final SluiceProcess process;
  private final @Nullable DatabaseProxy proxy;
  private final Story story;
  private final Lives lives;
  private int run;
  private Instant startedAt = Instant.EPOCH;
  private boolean living;

  /**
   * @param proxy between it and the database, if there is one
   */
  Replica(
      int number, SluiceProcess process, @Nullable DatabaseProxy proxy, Story story, Lives lives) {
    this.number = number;
    this.process = process;
    this.proxy = proxy;
    this.story = story;
    this.lives = lives;
  }

  int number() {
    return number;
  }

  /** Gives the name of its connections. */
  String name() {
    return name(number);
  }

  static String name(int number) {
    return "replica-" + number;
  }

  SluiceProcess process() {
    return process;
  }

  URI uri() {
    return process.uri();
  }

  DatabaseProxy proxy() {
    if (proxy == null) {
      throw new IllegalStateException("There is no proxy, indicates a bug");
    }
    return proxy;
  }

  /** Starts a process and returns at once. */
  void launch() {
    begin(Instant.now());
    process.launch();
  }

  /**
   * Waits until it is ready, and gives how long that took.
   *
   * @throws IllegalStateException when it ends before
   */
  Duration awaitReady() {
    if (!process.becomesReady()) {
      throw new IllegalStateException(name() + " ended while starting:\n" + process.log());
    }
    return Duration.between(startedAt, Instant.now());
  }

  private void begin(Instant at) {
    startedAt = at;
    run = lives.begin(number, at);
    living = true;
  }

  /** Notes that its process has ended. */
  void ended(Cost cost) {
    end(Instant.now(), cost, false);
  }

  /** Notes that its peers took it for dead, and that it is another since a time. */
  void wentOn(Instant since, Cost cost) {
    end(since, cost, true);
    begin(since);
  }

  private void end(Instant at, Cost cost, boolean late) {
    if (living) {
      living = false;
      story.ended(new Story.Run(run, startedAt, at, cost.duplicates(), cost.doubts(), late));
    }
  }

  @Override
  public void close() {
    process.close();
    if (proxy != null) {
      proxy.close();
    }
  }
}
