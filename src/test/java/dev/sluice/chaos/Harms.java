package dev.sluice.chaos;

import dev.sluice.chaos.DatabaseWatch.Member;
import dev.sluice.chaos.Ending.Cost;
import dev.sluice.fixture.DatabaseProxy;
import dev.sluice.fixture.OwnPostgresServer;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The ways in which the laboratory harms replicas. */
final class Harms {

  /** Longer than peers wait for a silent one. */
  private static final Duration STOPPED = Duration.ofSeconds(15);

  private static final Duration REACH = Duration.ofSeconds(15);
  private static final Duration REJOIN = Duration.ofSeconds(20);
  private static final Duration LOOK = Duration.ofMillis(20);

  private Harms() {}

  /** SIGKILL of any at a random time, and another start. */
  record Kill(boolean awaitsTakeover) implements Harm {

    @Override
    public void inflict(Scene scene) {
      Replica victim = scene.replicas().any(scene.random());
      scene.pause(300, 2_500);
      DatabaseWatch.Going going = scene.watch().silent(victim, scene.limits().takeover());
      victim.process().kill();
      victim.ended(scene.crash());
      if (awaitsTakeover) {
        going.await();
      }
      victim.launch();
      scene.restarts().add(victim.awaitReady());
    }

    @Override
    public String describe() {
      return awaitsTakeover ? "SIGKILL, takeover, start" : "SIGKILL, start";
    }
  }

  /** SIGTERM of one after the other, and another start; clients are to notice nothing. */
  static final class Rolling implements Harm {
    private int next;

    @Override
    public void inflict(Scene scene) {
      Story story = scene.story();
      Replica victim = scene.replicas().all().get(next++ % scene.replicas().all().size());
      long refused = story.calls().refusedCount();
      long unavailable = story.calls().unavailableCount();
      scene.pause(300, 1_500);
      DatabaseWatch.Going going = scene.watch().leaving(victim, scene.limits().handover());
      victim.process().terminate();
      Cost cost = Endings.Terminate.afterTermination(victim.process(), story);
      if (cost.duplicates() > 0) {
        story.fault("The drain cut " + cost.duplicates() + " exchanges");
      }
      going.await();
      victim.ended(cost);
      victim.launch();
      scene.restarts().add(victim.awaitReady());
      if (story.calls().refusedCount() > refused) {
        story.fault(describe() + ": a call was refused by every replica");
      }
      if (story.calls().unavailableCount() > unavailable) {
        story.fault(describe() + ": a call was answered with 503");
      }
    }

    @Override
    public String describe() {
      return "rolling restart";
    }
  }

  /** SIGSTOP until peers have taken over, and SIGCONT: it is another from then on. */
  record Zombie() implements Harm {

    @Override
    public void inflict(Scene scene) {
      Replica victim = scene.replicas().any(scene.random());
      occupy(scene, victim);
      Member before = scene.watch().member(victim);
      scene.replicas().leave(victim);
      long until = System.nanoTime() + STOPPED.toNanos();
      DatabaseWatch.Going going = scene.watch().silent(victim, scene.limits().takeover());
      Signals.stop(victim.process().pid());
      try {
        going.await();
        Endings.pause(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
      } finally {
        Signals.resume(victim.process().pid());
      }
      Member after = scene.watch().awaitAnother(victim, before, REJOIN);
      victim.wentOn(after.joinedAt(), scene.crash());
      scene.replicas().join(victim);
    }

    @Override
    public String describe() {
      return "SIGSTOP, takeover, SIGCONT";
    }
  }

  /** The way to the database drops everything for a while. */
  record Partition() implements Harm {

    @Override
    public void inflict(Scene scene) {
      Replica victim = scene.replicas().any(scene.random());
      occupy(scene, victim);
      Member before = scene.watch().member(victim);
      long until = System.nanoTime() + STOPPED.toNanos();
      DatabaseWatch.Going going = scene.watch().silent(victim, scene.limits().takeover());
      victim.proxy().silence();
      Instant from = Instant.now();
      try {
        going.await();
        Endings.pause(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
      } finally {
        scene.cutOffs().add(new CutOff(victim, from, Instant.now()));
        victim.proxy().heal();
      }
      Member after = scene.watch().awaitAnother(victim, before, REJOIN);
      victim.wentOn(after.joinedAt(), scene.crash());
    }

    @Override
    public String describe() {
      return "cut off from the database";
    }
  }

  /** A commit takes effect, and its connection is cut before anybody is told. */
  record LostCommit() implements Harm {

    /** Settling, claiming, intending, taking in, and whatever comes. */
    private static final List<String> KINDS =
        List.of(
            "COPY outcome",
            "SET state = 2, lease_owner",
            "INSERT INTO intent",
            "INSERT INTO batch (",
            "INSERT INTO shard",
            "sealed_at = ?",
            "");

    @Override
    public void inflict(Scene scene) {
      DatabaseProxy proxy = scene.replicas().any(scene.random()).proxy();
      int before = proxy.lostCommitCount();
      long deadline = System.nanoTime() + REACH.toNanos();
      proxy.loseCommitsOf(KINDS.get(scene.random().nextInt(KINDS.size())), 1);
      while (proxy.lostCommitCount() == before) {
        if (System.nanoTime() > deadline) {
          // Nobody wants that kind now.
          proxy.loseCommitsOf("", 1);
          deadline = Long.MAX_VALUE;
        }
        Endings.pause(LOOK);
      }
      scene.pause(100, 800);
    }

    @Override
    public String describe() {
      return "cut after COMMIT";
    }
  }

  /** SIGKILL of the database with all its processes, and another start of it. */
  record DatabaseKill() implements Harm {

    @Override
    public void inflict(Scene scene) {
      OwnPostgresServer server = scene.server();
      if (server == null) {
        throw new IllegalStateException("There is no server to kill, indicates a bug");
      }
      scene.pause(1_000, 3_000);
      server.killHard();
      scene.pause(0, 4_000);
      server.start();
      long back = System.nanoTime();
      long known = scene.watch().outcomeCount();
      Duration limit = scene.limits().resume();
      while (scene.watch().outcomeCount() == known) {
        if (System.nanoTime() - back > limit.multipliedBy(4).toNanos()) {
          throw new IllegalStateException("Nothing is stored though the database is back");
        }
        Endings.pause(LOOK);
      }
      Duration resumed = Duration.ofNanos(System.nanoTime() - back);
      scene.takeovers().afterOutage().add(resumed);
      if (resumed.compareTo(limit) > 0) {
        scene.story().fault("The first outcome came " + resumed + " after the database was back");
      }
    }

    @Override
    public String describe() {
      return "SIGKILL of the database";
    }
  }

  /** Gives a replica, as all others, something to do that lasts. */
  private static void occupy(Harm.Scene scene, Replica replica) {
    int number = scene.story().nextNumber();
    int count = 500 * scene.replicas().all().size();
    Submission submission =
        new Submission(
            number,
            Submission.Form.KEYED,
            false,
            count,
            scene.oracle().slowUrl("/" + number),
            "",
            false);
    scene.story().add(submission);
    try (Client client = new Client(scene.replicas()::roots)) {
      long deadline = System.nanoTime() + REACH.toNanos();
      while (!submission.isAccepted() && System.nanoTime() < deadline) {
        advance(client, submission);
      }
    }
    String id = submission.batchId();
    if (id == null) {
      throw new IllegalStateException("Nobody takes in what is to keep replicas busy");
    }
    scene.story().accepted(submission);
    scene.watch().awaitHolds(replica, id, REACH);
    scene.pause(1_000, 2_000);
  }

  private static void advance(Client client, Submission submission) {
    try {
      client.advance(submission);
    } catch (Client.TryAgain | UncheckedIOException _) {
      Endings.pause(Duration.ofMillis(40));
    }
  }
}
