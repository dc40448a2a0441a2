package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.all;
import static dev.sluice.store.StoreFixture.claimAll;
import static dev.sluice.store.StoreFixture.open;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.StoreFixture;
import dev.sluice.store.TestClock;
import dev.sluice.store.TimeTrust;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clocks that jump, while a store is open and between two times that it is. */
class TimeOfTheStoreTests {

  private static final Duration YEARS = Duration.ofDays(3650);
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path directory;
  private final TestClock clock = new TestClock();
  private Duration wallAhead = Duration.ZERO;

  private SqliteStore start() {
    return SqliteStore.open(
        TestStores.properties(directory.resolve("data/sluice.db")),
        clock,
        new TimeTrust(clock, () -> clock.instant().plus(wallAhead)),
        new SecureRandom(),
        _ -> {});
  }

  /** A batch of each kind that time does something to. */
  private record Waiting(BatchRef overdue, BatchRef open, BatchRef scheduled, BatchRef finished) {}

  private Waiting waiting(SqliteStore store) {
    BatchRef overdue =
        sealed(
            store.roles().batchWriter(),
            BatchOptions.DEFAULT.change().deadline(clock.instant().plus(HOUR)).build(),
            shard(ALPHA, 0, 10));
    BatchRef scheduled =
        sealed(
            store.roles().batchWriter(),
            BatchOptions.DEFAULT.change().notBefore(clock.instant().plus(HOUR)).build(),
            shard(ALPHA, 0, 10));
    BatchRef opened = StoreFixture.begin(store.roles().batchWriter(), open(null));
    BatchRef finished = sealed(store.roles().batchWriter(), shard(ALPHA, 0, 10));
    List<ClaimedShard> claimed = claimAll(store.roles().shardQueue(), 1000);
    for (ClaimedShard shard : claimed) {
      if (shard.lease().batchId() == finished.id()) {
        store
            .roles()
            .shardQueue()
            .settle(List.of(all(shard, OutcomeState.SUCCEEDED, clock.instant())));
      }
    }
    store.roles().housekeeping().finish(List.of(finished.id()));
    store.roles().housekeeping().noteTime();
    assertThat(state(store, finished)).isEqualTo(BatchState.COMPLETED);
    return new Waiting(overdue, opened, scheduled, finished);
  }

  private static BatchState state(SqliteStore store, BatchRef batch) {
    return store.roles().batchReader().batch("default", batch.publicId()).orElseThrow().state();
  }

  /** One round of everything that hangs on time. */
  private void round(SqliteStore store) {
    var housekeeping = store.roles().housekeeping();
    housekeeping.noteTime();
    housekeeping.expireBatches(100);
    housekeeping.expireOpenBatches(100);
    housekeeping.followBatchStates(100);
    housekeeping.promoteDue(100);
    var month = clock.instant().minus(Duration.ofDays(30));
    housekeeping.dropPayloads(month, 100);
    housekeeping.dropRows(month, 100);
    housekeeping.dropBatches(month, 100);
  }

  private void assertUntouched(SqliteStore store, Waiting batches) {
    round(store);
    assertThat(state(store, batches.open)).isEqualTo(BatchState.OPEN);
    assertThat(state(store, batches.scheduled)).isEqualTo(BatchState.SCHEDULED);
    assertThat(state(store, batches.finished)).isEqualTo(BatchState.COMPLETED);
    assertThat(
            store.roles().batchReader().batch("default", batches.overdue.publicId()).orElseThrow())
        .satisfies(batch -> assertThat(batch.reason()).isNull());
  }

  private void assertTimeCame(SqliteStore store, Waiting batches) {
    round(store);
    assertThat(state(store, batches.open)).isEqualTo(BatchState.EXPIRED);
    assertThat(state(store, batches.scheduled)).isEqualTo(BatchState.QUEUED);
    assertThat(store.roles().batchReader().batch("default", batches.finished.publicId())).isEmpty();
    assertThat(
            store.roles().batchReader().batch("default", batches.overdue.publicId()).orElseThrow())
        .satisfies(batch -> assertThat(batch.reason()).isNotNull());
  }

  @Test
  void nothingHappensByAClockThatTheWallClockContradicts() {
    try (SqliteStore store = start()) {
      Waiting batches = waiting(store);
      clock.advance(Duration.ofDays(60));
      wallAhead = YEARS.negated();
      assertUntouched(store, batches);
      wallAhead = YEARS;
      assertUntouched(store, batches);

      wallAhead = Duration.ZERO;
      assertTimeCame(store, batches);
    }
  }

  @Test
  void aStartYearsLaterExpiresNothingForAnHour() {
    Waiting batches;
    try (SqliteStore store = start()) {
      batches = waiting(store);
    }
    clock.advance(YEARS);
    try (SqliteStore store = start()) {
      assertUntouched(store, batches);
      clock.advance(HOUR.minusMinutes(1));
      assertUntouched(store, batches);
    }
    // What was not believed was not noted: the hour begins anew.
    try (SqliteStore store = start()) {
      assertUntouched(store, batches);
      clock.advance(HOUR);
      assertTimeCame(store, batches);
    }
    try (SqliteStore store = start()) {
      assertThat(store.roles().batchReader().batch("default", batches.open.publicId())).isPresent();
      clock.advance(Duration.ofMinutes(2));
      round(store);
    }
  }

  @Test
  void aStartYearsEarlierExpiresNothingAndIsBelievedInTheEnd() {
    Waiting batches;
    try (SqliteStore store = start()) {
      batches = waiting(store);
    }
    clock.advance(YEARS.negated());
    try (SqliteStore store = start()) {
      assertUntouched(store, batches);
      clock.advance(HOUR.plusMinutes(1));
      assertUntouched(store, batches);
    }
    clock.advance(YEARS);
    try (SqliteStore store = start()) {
      assertUntouched(store, batches);
    }
  }

  @Test
  void aStartAfterAWeekendGoesOnAtOnce() {
    Waiting batches;
    try (SqliteStore store = start()) {
      batches = waiting(store);
    }
    clock.advance(Duration.ofDays(3));
    try (SqliteStore store = start()) {
      round(store);
      assertThat(state(store, batches.open)).isEqualTo(BatchState.EXPIRED);
      assertThat(state(store, batches.scheduled)).isEqualTo(BatchState.QUEUED);
    }
  }
}
