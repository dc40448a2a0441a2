package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts units of work off that wait longer than whoever asked for them wants to. No time-out of a
 * socket can: it begins anew with each answer, and does not bound a write. The beat tells a
 * database that works long from one that is not there.
 */
final class UnitWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(UnitWatch.class);
  private static final Duration LOOK = Duration.ofMillis(50);

  /**
   * What was under way when the database fell silent has so long to go on once it is heard again:
   * its connection may lead to where nobody is any more.
   */
  private static final Duration GO_ON = Duration.ofMillis(500);

  /** Longer than any statement may take, and the wait for its answer. */
  private static final Duration LONGEST = Duration.ofSeconds(60);

  private final Pulse pulse;
  private final ProcessClock clock;
  private final Set<PostgresUnit> units = ConcurrentHashMap.newKeySet();
  private final Rounds rounds = new Rounds("sluice-watch", LOOK, this::look);

  UnitWatch(Pulse pulse, ProcessClock clock) {
    this.pulse = pulse;
    this.clock = clock;
  }

  void start() {
    rounds.start();
  }

  void add(PostgresUnit unit) {
    units.add(unit);
  }

  void remove(PostgresUnit unit) {
    units.remove(unit);
  }

  /** One look at all units. */
  void look() {
    long now = clock.nanoTime();
    List<PostgresUnit> over = units.stream().filter(unit -> isOver(unit, now)).toList();
    for (PostgresUnit unit : over) {
      // On a thread of its own: the end of an encrypted connection may wait for a write.
      if (units.remove(unit)) {
        Thread.ofVirtual().name("sluice-cut").start(() -> cutOff(unit));
      }
    }
  }

  private boolean isOver(PostgresUnit unit, long now) {
    boolean isOverdue =
        switch (unit.patience()) {
          case SHORT -> now - unit.until() >= 0 || !pulse.isHeard(now);
          case WHILE_HEARD -> !pulse.isHeard(now);
          case LONG -> false;
        };
    return isOverdue
        || now - unit.beganAt() >= LONGEST.toNanos()
        || pulse.hasReturned(unit.beganAt(), GO_ON, now);
  }

  private static void cutOff(PostgresUnit unit) {
    try {
      unit.cutOff();
      log.atDebug()
          .addKeyValue("patience", unit.patience())
          .log("A unit of work waited too long for the database and was cut off.");
    } catch (SQLException | RuntimeException e) {
      log.atWarn().setCause(e).log("A unit of work could not be cut off.");
    }
  }

  @Override
  public void close() {
    rounds.close();
  }
}
