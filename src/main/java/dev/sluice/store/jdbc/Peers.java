package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Watches the other replicas. One whose beat stands still for long is said to be gone, and whatever
 * nobody alive holds is taken over. Time counts by this process's own clock, and only while its own
 * beats come through: a database that was away for an hour, or took no writes, makes nobody silent.
 */
final class Peers implements AutoCloseable {

  /** How long a beat stands still before its replica counts as dead. */
  static final Duration SILENCE = Duration.ofSeconds(12);

  /** What one look adds at most to a silence, however long ago the last one was. */
  static final Duration MOST_A_LOOK = Duration.ofSeconds(2);

  /** How often what nobody alive holds is looked for, though nobody went. */
  static final Duration SWEEP = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(Peers.class);
  private static final Duration LOOK = Duration.ofMillis(500);

  /** Shards of one step. */
  private static final int STEP = 100;

  private final StoreWriter writer;
  private final StoreReader readers;
  private final ProcessClock clock;
  private final Takeover takeover;
  private final LongSupplier beatAt;
  private final Rounds rounds = new Rounds("sluice-peers", LOOK, this::look);

  /** What was seen last, by id; of the one who looks, like all that follows. */
  private Map<Long, Seen> seen = new HashMap<>();

  /** Process nanos after the last look that saw something. */
  private long lookedAt;

  /** This process's own beat then. */
  private long beatBefore;

  private long sweptAt;

  private boolean failing;

  /** Set once what earlier replicas put aside was looked at, too. */
  private boolean started;

  /** Set while somebody went and what it held was not looked for yet. */
  private boolean sweepDue = true;

  private record Seen(long beat, long silentNanos) {}

  /**
   * @param beatAt gives process nanos before the last beat of this process that came through
   */
  Peers(StoreParts parts, LongSupplier beatAt) {
    this.beatAt = beatAt;
    this.beatBefore = beatAt.getAsLong() - 1;
    this.writer = parts.writer();
    this.readers = parts.readers();
    this.clock = parts.clock();
    this.takeover = new Takeover(parts.terms(), parts.gates(), parts.flows());
    this.lookedAt = clock.nanoTime();
    this.sweptAt = lookedAt;
  }

  /** Begins to watch. */
  void start() {
    rounds.start();
  }

  /** One look. One thread at a time. */
  void look() {
    try {
      watch();
      if (sweepDue || clock.nanoTime() - sweptAt >= SWEEP.toNanos()) {
        writer.writeForgettable(
            session -> {
              TransactionOrigin.note(session);
              return Boolean.TRUE;
            });
        sweepDue = !takeOver();
        sweptAt = clock.nanoTime();
      }
      failing = false;
    } catch (StoreException e) {
      log.atLevel(failing ? Level.DEBUG : Level.WARN)
          .setCause(e)
          .log("The other replicas could not be looked at, or what they left not taken over.");
      failing = true;
    }
  }

  private void watch() {
    long beat = beatAt.getAsLong();
    if (beat == beatBefore) {
      return;
    }
    beatBefore = beat;
    // From the end of the last look to the begin of this one: rather too little than too much.
    long passed = Math.clamp(clock.nanoTime() - lookedAt, 0, MOST_A_LOOK.toNanos());
    List<Replicas.Live> others = readers.read(Replicas::others);
    lookedAt = clock.nanoTime();
    Map<Long, Seen> now = new HashMap<>();
    List<Replicas.Live> silentOnes = new ArrayList<>();
    for (Replicas.Live other : others) {
      Seen before = seen.get(other.id());
      long silent = before == null || before.beat != other.beat() ? 0 : before.silentNanos + passed;
      now.put(other.id(), new Seen(other.beat(), silent));
      if (silent >= SILENCE.toNanos()) {
        silentOnes.add(other);
      }
    }
    sweepDue |= !now.keySet().containsAll(seen.keySet());
    seen = now;
    silentOnes.forEach(this::retire);
  }

  private void retire(Replicas.Live silent) {
    if (writer.write(session -> Replicas.retireSilent(session, silent))) {
      seen.remove(silent.id());
      sweepDue = true;
      log.atWarn()
          .addKeyValue("replica", silent.id())
          .addKeyValue("silentFor", SILENCE)
          .log("A replica is silent and counts as dead; what it held is taken over.");
    }
  }

  /** Takes over what nobody alive holds, in steps; false when it is to be looked again soon. */
  boolean takeOver() {
    Takeover.Taken all = Takeover.Taken.NOTHING;
    boolean first = !started;
    while (true) {
      boolean again = first;
      Optional<Takeover.Taken> step = writer.write(session -> step(session, again));
      first = false;
      if (step.isEmpty()) {
        return false;
      }
      all = all.plus(step.get());
      if (step.get().shardCount() < STEP) {
        break;
      }
    }
    started = true;
    if (all.shardCount() > 0) {
      log.atWarn()
          .addKeyValue("recoveredShards", all.shardCount())
          .addKeyValue("inDoubtItems", all.inDoubtCount())
          .addKeyValue("poisonItems", all.poisonCount())
          .log("Shards of replicas that are gone were taken over.");
    }
    return !endAbandoned();
  }

  /** Gives whether a dead replica's transaction held shards back until now. */
  private boolean endAbandoned() {
    long shardCount = writer.write(Takeover::endAbandoned);
    if (shardCount > 0) {
      log.atWarn()
          .addKeyValue("lockedShards", shardCount)
          .log("A transaction that waited for a replica that is gone was ended.");
    }
    return shardCount > 0;
  }

  private Optional<Takeover.Taken> step(Session session, boolean again) throws SQLException {
    if (!Turn.TAKE_OVER.tryTake(session)) {
      return Optional.empty();
    }
    return Optional.of(takeover.step(session, clock.instant().toEpochMilli(), STEP, again));
  }

  @Override
  public void close() {
    rounds.close();
  }
}
