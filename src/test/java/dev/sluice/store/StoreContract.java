package dev.sluice.store;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.BETA;
import static dev.sluice.store.StoreFixture.BY_TEST;
import static dev.sluice.store.StoreFixture.all;
import static dev.sluice.store.StoreFixture.attempt;
import static dev.sluice.store.StoreFixture.batch;
import static dev.sluice.store.StoreFixture.begin;
import static dev.sluice.store.StoreFixture.claimAll;
import static dev.sluice.store.StoreFixture.oneShot;
import static dev.sluice.store.StoreFixture.open;
import static dev.sluice.store.StoreFixture.openUpload;
import static dev.sluice.store.StoreFixture.outcome;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static dev.sluice.store.StoreFixture.some;
import static dev.sluice.store.StoreFixture.summary;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.Attempt;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.Canary;
import dev.sluice.model.Capture;
import dev.sluice.model.CapturedResponse;
import dev.sluice.model.Counts;
import dev.sluice.model.Delivery;
import dev.sluice.model.Destination;
import dev.sluice.model.HaltOn;
import dev.sluice.model.HaltRule;
import dev.sluice.model.Header;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.Rate;
import dev.sluice.model.RetryOptions;
import dev.sluice.model.StateReason;
import dev.sluice.store.BatchReader.BatchFilter;
import dev.sluice.store.BatchReader.ResultPage;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.SealResult;
import dev.sluice.store.BatchWriter.UploadOpening;
import dev.sluice.store.ControlBoard.Controlled;
import dev.sluice.store.ControlBoard.Parking;
import dev.sluice.store.DestinationSettings.BreakerOverride;
import dev.sluice.store.DestinationSettings.Concurrency;
import dev.sluice.store.ShardQueue.BatchTerms;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.SettleReport;
import dev.sluice.store.ShardQueue.Settlement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The laws of the store, kept by every adapter. */
@NullUnmarked
public abstract class StoreContract {

  /** The roles of one open store. */
  public record Roles(
      BatchWriter writer,
      ShardQueue queue,
      ControlBoard board,
      BatchReader reader,
      Housekeeping housekeeping,
      StoreHealth health) {}

  protected final TestClock clock = new TestClock();
  private Roles store;

  /** Opens a store on fresh storage. */
  protected abstract Roles create();

  /** Kills the process that holds the store and starts another on the same storage. */
  protected abstract Roles crashAndReopen();

  /** Closes every store that was opened. */
  protected abstract void close();

  @BeforeEach
  void createStore() {
    store = create();
  }

  @AfterEach
  void checkAndClose() {
    try {
      countersAddUp();
    } finally {
      close();
    }
  }

  private void countersAddUp() {
    List<BatchRecord> batches =
        store
            .reader()
            .batches(new BatchFilter(Tenants.DEFAULT, Set.of(), null, Map.of()), null, 100);
    for (BatchRecord batch : batches) {
      if (batch.state() == BatchState.COMPLETED || batch.state() == BatchState.CANCELLED) {
        assertThat(batch.counts().settled()).as("%s", batch).isEqualTo(batch.counts().total());
      }
      Set<Long> seen = new HashSet<>();
      allResults(batch.ref()).forEach(r -> assertThat(seen.add(r.outcome().index())).isTrue());
      assertThat((long) seen.size()).isEqualTo(batch.counts().settled());
    }
  }

  private List<ResultRecord> allResults(BatchRef batch) {
    List<ResultRecord> all = new ArrayList<>();
    ResultPage page = store.reader().results(batch, ItemFilter.ALL, 0, 7, false);
    all.addAll(page.results());
    while (!page.end()) {
      page = store.reader().results(batch, ItemFilter.ALL, page.lastSeq(), 333, false);
      all.addAll(page.results());
    }
    return all;
  }

  private BatchRecord read(BatchRef batch) {
    return store.reader().batch(Tenants.DEFAULT, batch.publicId()).orElseThrow();
  }

  private List<ClaimedShard> claim(Destination destination, int maxItems) {
    long id = store.reader().destination(destination.key()).orElseThrow().id();
    return store.queue().claim(List.of(new ClaimRequest(id, maxItems, Long.MAX_VALUE, Set.of())));
  }

  private SettleReport settle(Settlement... settlements) {
    return store.queue().settle(List.of(settlements));
  }

  private static BatchOptions with(Instant notBefore, int weight) {
    return BatchOptions.DEFAULT.change().notBefore(notBefore).weight(weight).build();
  }

  private static BatchOptions deadline(Instant deadline) {
    return deadline(null, deadline);
  }

  private static BatchOptions deadline(Instant notBefore, Instant deadline) {
    return BatchOptions.DEFAULT.change().notBefore(notBefore).deadline(deadline).build();
  }

  private static BatchOptions atMostOnce() {
    return BatchOptions.DEFAULT
        .change()
        .delivery(Delivery.AT_MOST_ONCE)
        .retry(RetryOptions.defaultFor(Delivery.AT_MOST_ONCE))
        .build();
  }

  private static BatchOptions failFast() {
    return BatchOptions.DEFAULT.change().onBreakerOpen(BatchOptions.OnBreakerOpen.FAIL).build();
  }

  private static BatchOptions weight(int weight) {
    return BatchOptions.DEFAULT.change().weight(weight).build();
  }

  @Nested
  class Intake {

    @Test
    void countsWhatATenantHasThatIsNotFinished() {
      assertThat(store.reader().usage(Tenants.DEFAULT)).isEqualTo(new TenantUsage(0, 0, 0));
      BatchRef open = begin(store.writer(), open(null));
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10), shard(BETA, 10, 5));
      assertThat(store.reader().usage(Tenants.DEFAULT)).isEqualTo(new TenantUsage(2, 15, 1_500));
      assertThat(store.reader().usage("another")).isEqualTo(new TenantUsage(0, 0, 0));

      List<ClaimedShard> claimed = claimAll(store.queue(), 1000);
      settle(all(claimed.get(0), OutcomeState.FAILED, clock.instant()));
      int left = claimed.get(1).itemCount();
      assertThat(store.reader().usage(Tenants.DEFAULT)).isEqualTo(new TenantUsage(2, left, 1_500));

      settle(all(claimed.get(1), OutcomeState.SUCCEEDED, clock.instant()));
      store.housekeeping().finish(List.of(batch.id()));
      assertThat(store.reader().usage(Tenants.DEFAULT)).isEqualTo(new TenantUsage(1, 0, 0));
      assertThat(read(open).counts().total()).isZero();
    }

    @Test
    void hidesAOneShotBatchUntilItIsSealed() {
      BatchRef batch = begin(store.writer(), oneShot(null));
      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 10)));

      assertThat(store.reader().batch(Tenants.DEFAULT, batch.publicId())).isEmpty();
      assertThat(claimAll(store.queue(), 100)).isEmpty();

      store.writer().commitAndSeal(upload, summary(10));

      assertThat(read(batch).state()).isEqualTo(BatchState.QUEUED);
      assertThat(read(batch).counts()).isEqualTo(new Counts(10, 0, 0, 0, 0, 0, 0, 0));
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void takesASmallBatchInTwoCalls() {
      BatchWriter.BegunUpload begun = store.writer().beginUpload(oneShot("key"));

      assertThat(begun).isInstanceOf(BatchWriter.BegunUpload.Opened.class);
      var opened = (BatchWriter.BegunUpload.Opened) begun;
      assertThat(store.writer().beginUpload(oneShot("key")))
          .isEqualTo(
              new BatchWriter.BegunUpload.Taken(new Begun.Existing(opened.batch(), true, null)));
      assertThat(store.writer().openUpload(opened.batch().id(), null, null))
          .isEqualTo(new UploadOpening.InProgress());
      store.writer().commitAndSeal(opened.uploadId(), List.of(shard(ALPHA, 0, 10)), summary(10));

      assertThat(read(opened.batch()).counts().total()).isEqualTo(10);
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void takesAWholeBatchAtOnce() {
      Begun begun =
          store.writer().submit(oneShot("key"), List.of(shard(ALPHA, 0, 10)), summary(10));

      assertThat(begun).isInstanceOf(Begun.Created.class);
      BatchRef batch = ((Begun.Created) begun).batch();
      assertThat(read(batch).counts().total()).isEqualTo(10);
      assertThat(store.writer().submit(oneShot("key"), List.of(shard(ALPHA, 0, 5)), summary(5)))
          .isInstanceOfSatisfying(
              Begun.Existing.class, existing -> assertThat(existing.batch()).isEqualTo(batch));
      assertThat(read(batch).counts().total()).isEqualTo(10);
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void storesNothingOfAWholeBatchThatIsRefused() {
      assertThatThrownBy(
              () ->
                  store.writer().submit(oneShot("key"), List.of(shard(ALPHA, 0, 10)), summary(11)))
          .isInstanceOf(IllegalStateException.class);

      assertThat(store.writer().begin(oneShot("key"))).isInstanceOf(Begun.Created.class);
      assertThat(claimAll(store.queue(), 100)).isEmpty();
    }

    @Test
    void storesNoLastShardsWhenTheSealFails() {
      BatchRef batch = begin(store.writer(), oneShot(null));
      long upload = openUpload(store.writer(), batch);

      assertThatThrownBy(
              () -> store.writer().commitAndSeal(upload, List.of(shard(ALPHA, 0, 10)), summary(11)))
          .isInstanceOf(IllegalStateException.class);

      store.writer().commitAndSeal(upload, List.of(shard(ALPHA, 0, 10)), summary(10));
      assertThat(read(batch).counts().total()).isEqualTo(10);
    }

    @Test
    void neverDispatchesAnOpenBatch() {
      BatchRef batch = begin(store.writer(), open(null));
      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 10)));
      assertThat(store.writer().commit(upload, summary(10))).isEqualTo(10);

      assertThat(read(batch).state()).isEqualTo(BatchState.OPEN);
      assertThat(store.queue().ready(0, 10)).isEmpty();

      assertThat(store.writer().seal(batch.id(), 10L)).isEqualTo(new SealResult.Sealed(10));
      assertThat(store.writer().seal(batch.id(), null)).isEqualTo(new SealResult.Sealed(10));
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void keepsWhatTheClientAskedFor() {
      BatchOptions options =
          new BatchOptions(
              Delivery.AT_MOST_ONCE,
              7,
              new Rate(300, Duration.ofSeconds(1), 30),
              "partner-x",
              new RetryOptions(
                  3,
                  Duration.ofMillis(250),
                  1.5,
                  Duration.ofMinutes(1),
                  Duration.ofHours(2),
                  RetryOptions.Jitter.EQUAL,
                  List.of("5xx"),
                  List.of("501"),
                  0.1),
              List.of("2xx", "404"),
              Duration.ofSeconds(5),
              null,
              clock.instant().plus(Duration.ofDays(1)),
              3,
              BatchOptions.OnBreakerOpen.FAIL,
              new Capture(Capture.On.ALWAYS, 99),
              Duration.ofHours(1),
              new HaltOn(0.5, 7, 3, HaltOn.Action.CANCEL),
              new Canary(1, 0.25));
      BatchRef batch = sealed(store.writer(), options, shard(ALPHA, 0, 1));

      BatchRecord read = read(batch);
      assertThat(read.options()).isEqualTo(options);
      assertThat(read.name()).isEqualTo("name");
      assertThat(read.metadata()).containsExactly(Map.entry("team", "blue"));
      assertThat(read.times().createdAt()).isEqualTo(clock.instant());
      assertThat(read.times().sealedAt()).isEqualTo(clock.instant());
      assertThat(claimAll(store.queue(), 1).getFirst().terms().options()).isEqualTo(options);
    }

    @Test
    void findsTheBatchOfAnIdempotencyKey() {
      BatchRef batch = begin(store.writer(), oneShot("key"));
      assertThat(store.writer().begin(oneShot("key")))
          .isEqualTo(new Begun.Existing(batch, true, null));
      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 1)));
      byte[] print = new byte[32];
      print[0] = 42;
      store.writer().commitAndSeal(upload, new BatchWriter.UploadSummary(1, 1, print));

      assertThat(store.writer().begin(oneShot("key")))
          .isInstanceOfSatisfying(
              Begun.Existing.class,
              existing -> {
                assertThat(existing.batch()).isEqualTo(batch);
                assertThat(existing.receiving()).isFalse();
                assertThat(existing.fingerprint()).isEqualTo(print);
              });
    }

    @Test
    void createsAnewWhenTheUploadOfTheKeyDied() {
      BatchRef dead = begin(store.writer(), oneShot("key"));
      openUpload(store.writer(), dead);
      clock.advance(Duration.ofSeconds(61));

      BatchRef fresh = begin(store.writer(), oneShot("key"));

      assertThat(fresh).isNotEqualTo(dead);
    }

    @Test
    void createsAnewWhenTheProcessOfTheUploadDied() {
      BatchRef dead = begin(store.writer(), oneShot("key"));
      long upload = openUpload(store.writer(), dead);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 10)));
      store = crashAndReopen();

      BatchRef fresh = begin(store.writer(), oneShot("key"));

      assertThat(fresh).isNotEqualTo(dead);
      assertThatThrownBy(() -> store.writer().append(upload, List.of(shard(ALPHA, 0, 10))))
          .isInstanceOf(StoreException.class);
      assertThat(store.housekeeping().deleteDeadUploads(Instant.EPOCH, 1000)).isPositive();
      assertThat(store.housekeeping().deleteDeadUploads(Instant.EPOCH, 1000)).isZero();
    }

    @Test
    void forgetsAnAbandonedUpload() {
      BatchRef batch = begin(store.writer(), oneShot("key"));
      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 10)));
      store.writer().abandon(upload);
      store.writer().abandon(upload);

      assertThatThrownBy(() -> store.writer().commitAndSeal(upload, summary(10)))
          .isInstanceOf(StoreException.class);
      assertThat(store.writer().begin(oneShot("key"))).isInstanceOf(Begun.Created.class);
    }

    @Test
    void takesChunksInOrderAndOneAtATime() {
      BatchRef batch = begin(store.writer(), open(null));
      BatchWriter writer = store.writer();
      long upload = openUpload(writer, batch);
      assertThat(writer.openUpload(batch.id(), 0L, null)).isEqualTo(new UploadOpening.InProgress());
      writer.append(upload, List.of(shard(ALPHA, 0, 10)));
      writer.commit(upload, summary(10));

      assertThat(writer.openUpload(batch.id(), 11L, null)).isEqualTo(new UploadOpening.Gap(10));
      assertThat(writer.openUpload(batch.id(), 5L, null))
          .isEqualTo(new UploadOpening.Misaligned(10));
      assertThat(writer.openUpload(batch.id(), 0L, null))
          .isInstanceOfSatisfying(
              UploadOpening.Earlier.class,
              earlier -> {
                assertThat(earlier.itemCount()).isEqualTo(10);
                assertThat(earlier.total()).isEqualTo(10);
              });
      assertThat(writer.openUpload(batch.id(), 10L, null))
          .isInstanceOfSatisfying(
              UploadOpening.Opened.class, opened -> assertThat(opened.firstIndex()).isEqualTo(10));
      assertThat(writer.seal(batch.id(), null)).isEqualTo(new SealResult.UploadInProgress());
    }

    @Test
    void recognisesAChunkByItsKeyEvenAfterTheSeal() {
      BatchRef batch = begin(store.writer(), open(null));
      long upload =
          ((UploadOpening.Opened) store.writer().openUpload(batch.id(), null, "chunk-1"))
              .uploadId();
      store.writer().append(upload, List.of(shard(ALPHA, 0, 3)));
      store.writer().commit(upload, summary(3));
      store.writer().seal(batch.id(), null);

      assertThat(store.writer().openUpload(batch.id(), null, "chunk-1"))
          .isInstanceOf(UploadOpening.Earlier.class);
      assertThat(store.writer().openUpload(batch.id(), null, "chunk-2"))
          .isEqualTo(new UploadOpening.InvalidState(BatchState.QUEUED));
    }

    @Test
    void replacesADeadChunk() {
      BatchRef batch = begin(store.writer(), open(null));
      long dead = openUpload(store.writer(), batch);
      store.writer().append(dead, List.of(shard(ALPHA, 0, 10), shard(BETA, 10, 10)));
      clock.advance(Duration.ofSeconds(61));

      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 5)));
      store.writer().commit(upload, summary(5));
      assertThat(store.writer().seal(batch.id(), 5L)).isEqualTo(new SealResult.Sealed(5));

      List<ClaimedShard> claimed = claimAll(store.queue(), 1000);
      assertThat(claimed).singleElement().satisfies(s -> assertThat(s.itemCount()).isEqualTo(5));
      assertThat(store.reader().items(batch, ItemFilter.ALL, 0, 100)).hasSize(5);
    }

    @Test
    void keepsAnUploadAliveByTouchingIt() {
      BatchRef batch = begin(store.writer(), open(null));
      long upload = openUpload(store.writer(), batch);
      clock.advance(Duration.ofSeconds(50));
      store.writer().append(upload, List.of());
      clock.advance(Duration.ofSeconds(50));

      assertThat(store.writer().openUpload(batch.id(), null, null))
          .isEqualTo(new UploadOpening.InProgress());
    }

    @Test
    void tellsAMismatchOfTheExpectedCount() {
      BatchRef batch = begin(store.writer(), open(null));
      assertThat(store.writer().seal(batch.id(), 3L)).isEqualTo(new SealResult.CountMismatch(0));
      assertThat(read(batch).state()).isEqualTo(BatchState.OPEN);
    }

    @Test
    void completesAnEmptyBatchAtOnce() {
      BatchRef batch = begin(store.writer(), open(null));
      store.writer().seal(batch.id(), null);
      assertThat(read(batch).state()).isEqualTo(BatchState.COMPLETED);
      assertThat(read(batch).times().finishedAt()).isNotNull();
    }

    @Test
    void refusesASummaryThatDisagreesWithTheShards() {
      BatchRef batch = begin(store.writer(), oneShot(null));
      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 10)));
      assertThatThrownBy(() -> store.writer().commitAndSeal(upload, summary(11)))
          .isInstanceOf(IllegalStateException.class);
      assertThat(store.reader().batch(Tenants.DEFAULT, batch.publicId())).isEmpty();
    }

    @Test
    void expiresAnOpenBatchThatIsIdle() {
      BatchRef batch = begin(store.writer(), open(null));
      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 10)));
      store.writer().commit(upload, summary(10));
      clock.advance(Duration.ofHours(23));
      assertThat(store.housekeeping().expireOpenBatches(10)).isZero();
      clock.advance(Duration.ofHours(2));

      assertThat(store.housekeeping().expireOpenBatches(10)).isEqualTo(1);
      assertThat(store.housekeeping().closeShards(10).shardCount()).isEqualTo(1);
      assertThat(store.housekeeping().closeShards(10).shardCount()).isZero();

      assertThat(read(batch).state()).isEqualTo(BatchState.EXPIRED);
      assertThat(read(batch).counts().expired()).isEqualTo(10);
      assertThat(store.writer().seal(batch.id(), null))
          .isEqualTo(new SealResult.InvalidState(BatchState.EXPIRED));
    }

    @Test
    void marksRedrivenItemsWithTheUpload() {
      BatchRef parent = sealed(store.writer(), shard(ALPHA, 0, 10));
      BatchRef child = begin(store.writer(), oneShot(null));
      long upload = openUpload(store.writer(), child);
      store.writer().markRedriven(upload, parent.id(), List.of(1L, 3L));
      assertThat(store.reader().redriven(parent, Set.of(1L, 2L, 3L)))
          .containsExactlyInAnyOrder(1L, 3L);

      store.writer().abandon(upload);

      assertThat(store.reader().redriven(parent, Set.of(1L, 2L, 3L))).isEmpty();
    }
  }

  @Nested
  class Claiming {

    @Test
    void leasesAShardOnce() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10), shard(ALPHA, 10, 10));
      List<ClaimedShard> first = claimAll(store.queue(), 10);
      List<ClaimedShard> second = claimAll(store.queue(), 10);

      assertThat(first).singleElement().satisfies(s -> assertThat(s.firstIndex()).isZero());
      assertThat(second).singleElement().satisfies(s -> assertThat(s.firstIndex()).isEqualTo(10));
      assertThat(store.queue().ready(0, 10)).isEmpty();
      assertThat(claimAll(store.queue(), 10)).isEmpty();
      assertThat(read(batch).state()).isEqualTo(BatchState.RUNNING);
      assertThat(read(batch).times().startedAt()).isEqualTo(clock.instant());
    }

    @Test
    void givesOneShardHoweverLarge() {
      sealed(store.writer(), shard(ALPHA, 0, 100), shard(ALPHA, 100, 100));
      assertThat(claim(ALPHA, 1)).hasSize(1);
    }

    @Test
    void startsASmallBatchBesideALargeOne() {
      NewShard[] large = new NewShard[40];
      for (int i = 0; i < large.length; i++) {
        large[i] = shard(ALPHA, i * 100L, 100);
      }
      BatchRef whale = sealed(store.writer(), large);
      claim(ALPHA, 1000);
      BatchRef minnow = sealed(store.writer(), shard(ALPHA, 0, 10));

      List<ClaimedShard> claimed = claim(ALPHA, 200);

      assertThat(claimed).extracting(s -> s.lease().batchId()).contains(minnow.id(), whale.id());
    }

    @Test
    void sharesByWeight() {
      NewShard[] shards = new NewShard[40];
      for (int i = 0; i < shards.length; i++) {
        shards[i] = shard(ALPHA, i * 10L, 10);
      }
      BatchRef light = sealed(store.writer(), weight(1), shards);
      BatchRef heavy = sealed(store.writer(), weight(3), shards);

      List<ClaimedShard> claimed = claim(ALPHA, 400);

      long heavyCount = claimed.stream().filter(s -> s.lease().batchId() == heavy.id()).count();
      long lightCount = claimed.stream().filter(s -> s.lease().batchId() == light.id()).count();
      assertThat(heavyCount).isBetween(29L, 31L);
      assertThat(heavyCount + lightCount).isEqualTo(40);
    }

    @Test
    void aBatchThatWasPausedStarvesNobodyWhenItResumes() {
      NewShard[] shards = new NewShard[40];
      for (int i = 0; i < shards.length; i++) {
        shards[i] = shard(ALPHA, i * 10L, 10);
      }
      BatchRef sleeper = sealed(store.writer(), shards);
      store.board().pause(sleeper.id(), BY_TEST);
      BatchRef busy = sealed(store.writer(), shards);
      claim(ALPHA, 200);
      store.board().resume(sleeper.id(), BY_TEST);

      List<ClaimedShard> claimed = claim(ALPHA, 200);

      assertThat(claimed.stream().filter(s -> s.lease().batchId() == busy.id()).count())
          .isBetween(9L, 11L);
    }

    @Test
    void claimsNothingForAParkedDestination() {
      sealed(store.writer(), shard(ALPHA, 0, 10), shard(BETA, 10, 10));
      long alpha = store.reader().destination(ALPHA.key()).orElseThrow().id();
      Instant until = clock.instant().plusSeconds(30);
      store.board().park(List.of(new Parking(alpha, until, "breaker")));

      assertThat(store.queue().ready(0, 10)).extracting(r -> r.destination()).containsExactly(BETA);
      assertThat(claim(ALPHA, 10)).isEmpty();
      assertThat(store.housekeeping().nextDue()).isEqualTo(until);
      assertThat(store.reader().destination(ALPHA.key()).orElseThrow().parkReason())
          .isEqualTo("breaker");

      clock.advance(Duration.ofSeconds(30));
      AtomicInteger calls = new AtomicInteger();
      store.queue().onReady(calls::incrementAndGet);
      assertThat(store.housekeeping().promoteDue(10)).isEqualTo(1);
      assertThat(calls).hasValue(1);
      assertThat(claim(ALPHA, 10)).hasSize(1);
    }

    @Test
    void claimsNothingForAPausedDestination() {
      sealed(store.writer(), shard(ALPHA, 0, 10));
      DestinationRecord paused = store.board().pauseDestination(ALPHA, null, BY_TEST);
      assertThat(paused.paused()).isNotNull();
      assertThat(store.queue().ready(0, 10)).isEmpty();
      assertThat(claim(ALPHA, 10)).isEmpty();

      assertThat(store.board().resumeDestination(ALPHA).paused()).isNull();
      assertThat(claim(ALPHA, 10)).hasSize(1);
    }

    @Test
    void claimsNothingBeforeItsTime() {
      Instant due = clock.instant().plusSeconds(60);
      BatchRef batch = sealed(store.writer(), with(due, 1), shard(ALPHA, 0, 10));
      assertThat(read(batch).state()).isEqualTo(BatchState.SCHEDULED);
      assertThat(claimAll(store.queue(), 10)).isEmpty();
      assertThat(store.housekeeping().nextDue()).isEqualTo(due);

      clock.advance(Duration.ofSeconds(60));
      assertThat(store.housekeeping().promoteDue(10)).isPositive();

      assertThat(read(batch).state()).isEqualTo(BatchState.QUEUED);
      assertThat(claimAll(store.queue(), 10)).hasSize(1);
    }

    @Test
    void tellsListenersWhenShardsBecomeClaimable() {
      AtomicInteger calls = new AtomicInteger();
      store.queue().onReady(calls::incrementAndGet);
      BatchRef batch = begin(store.writer(), open(null));
      long upload = openUpload(store.writer(), batch);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 10)));
      store.writer().commit(upload, summary(10));
      assertThat(calls).hasValue(0);
      store.writer().seal(batch.id(), null);
      assertThat(calls).hasValue(1);
    }

    @Test
    void followsManyFlowsInSteps() {
      int destinations = 1200;
      NewShard[] shards = new NewShard[destinations];
      for (int i = 0; i < destinations; i++) {
        shards[i] = shard(new Destination("http", "h" + i + ".example", 80), i, 1);
      }
      sealed(store.writer(), shards);
      int atOnce = readyCount();
      assertThat(atOnce).isBetween(1, destinations - 1);
      while (store.housekeeping().followBatchStates(300) > 0) {
        assertThat(readyCount()).isGreaterThan(atOnce - 1);
      }
      assertThat(readyCount()).isEqualTo(destinations);
    }

    private int readyCount() {
      int count = 0;
      List<ShardQueue.ReadyDestination> page = store.queue().ready(0, 100);
      while (!page.isEmpty()) {
        count += page.size();
        page = store.queue().ready(page.getLast().id(), 100);
      }
      return count;
    }
  }

  @Nested
  class Settling {

    @Test
    void countsEveryOutcomeOnceAndCompletes() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 500), shard(BETA, 500, 100));
      List<ClaimedShard> claimed = claimAll(store.queue(), 1000);

      SettleReport report =
          settle(
              all(claimed.get(0), OutcomeState.SUCCEEDED, clock.instant()),
              all(claimed.get(1), OutcomeState.FAILED, clock.instant()));

      assertThat(report.inserted())
          .containsOnly(
              Map.entry(OutcomeState.SUCCEEDED, 500), Map.entry(OutcomeState.FAILED, 100));
      assertThat(report.fenced()).isEmpty();
      assertThat(report.drainedBatches()).containsExactly(batch.id());
      assertThat(store.housekeeping().unfinishedButDrained(10)).containsExactly(batch.id());
      assertThat(store.housekeeping().finish(report.drainedBatches())).containsExactly(batch);
      assertThat(store.housekeeping().finish(report.drainedBatches())).isEmpty();
      BatchRecord read = read(batch);
      assertThat(read.state()).isEqualTo(BatchState.COMPLETED);
      assertThat(read.counts()).isEqualTo(new Counts(600, 0, 500, 100, 0, 0, 0, 0));
      assertThat(read.attempts()).isEqualTo(600);
      assertThat(read.times().lastOutcomeAt()).isEqualTo(clock.instant());
    }

    @Test
    void keepsTheFirstOutcomeOfAnItem() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 2));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      settle(some(shard.lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));

      SettleReport again =
          settle(some(shard.lease(), outcome(0, OutcomeState.FAILED, clock.instant())));

      assertThat(again.inserted()).isEmpty();
      assertThat(read(batch).counts()).isEqualTo(new Counts(2, 0, 1, 0, 0, 0, 0, 0));
      assertThat(store.reader().item(batch, 0).orElseThrow().outcome().state())
          .isEqualTo(OutcomeState.SUCCEEDED);
    }

    @Test
    void keepsTheOutcomesThatALargeSettlementRepeats() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 100));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      settle(
          some(
              shard.lease(),
              outcome(3, OutcomeState.FAILED, clock.instant()),
              outcome(60, OutcomeState.FAILED, clock.instant())));

      SettleReport rest = settle(all(shard, OutcomeState.SUCCEEDED, clock.instant()));

      assertThat(rest.inserted()).containsExactly(Map.entry(OutcomeState.SUCCEEDED, 98));
      assertThat(read(batch).counts()).isEqualTo(new Counts(100, 0, 98, 2, 0, 0, 0, 0));
      assertThat(read(batch).attempts()).isEqualTo(100);
      for (long index : new long[] {3, 60}) {
        assertThat(store.reader().item(batch, index).orElseThrow().outcome().state())
            .isEqualTo(OutcomeState.FAILED);
      }
    }

    @Test
    void acceptsTheRepetitionOfALostCommit() {
      sealed(store.writer(), shard(ALPHA, 0, 2));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      Settlement settlement = all(shard, OutcomeState.SUCCEEDED, clock.instant());
      settle(settlement);

      SettleReport again = settle(settlement);

      assertThat(again.fenced()).isEmpty();
      assertThat(again.inserted()).isEmpty();
    }

    @Test
    void dropsTheOutcomesOfALeaseThatMovedOn() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 2), shard(ALPHA, 2, 2));
      List<ClaimedShard> claimed = claimAll(store.queue(), 10);
      ClaimedShard lost = claimed.get(0);
      store.queue().giveBack(List.of(new GivenBack(lost.lease(), null)));
      ClaimedShard regained = claimAll(store.queue(), 10).getFirst();
      assertThat(regained.lease().token()).isGreaterThan(lost.lease().token());

      SettleReport report =
          settle(
              all(lost, OutcomeState.FAILED, clock.instant()),
              all(claimed.get(1), OutcomeState.SUCCEEDED, clock.instant()));

      assertThat(report.fenced()).containsExactly(lost.lease());
      assertThat(report.inserted()).containsOnly(Map.entry(OutcomeState.SUCCEEDED, 2));
      assertThat(read(batch).counts()).isEqualTo(new Counts(4, 0, 2, 0, 0, 0, 0, 0));
    }

    @Test
    void tellsTheNextHolderWhatTheLastOneDid() {
      sealed(store.writer(), shard(ALPHA, 100, 4));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      assertThat(shard.progress()).isNull();
      Instant first = clock.instant();
      Attempt maybe = attempt(102, 1, Attempt.Kind.MAYBE_SENT, first);
      Instant due = first.plusSeconds(90);
      Attempt throttled =
          new Attempt(
              102, 2, Attempt.Kind.RETRYABLE, 429, null, first.plusSeconds(1), 3, due, false);
      settle(
          new Settlement(
              shard.lease(),
              List.of(outcome(101, OutcomeState.SUCCEEDED, first)),
              List.of(maybe, throttled)));
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), due)));

      assertThat(claimAll(store.queue(), 10)).isEmpty();
      assertThat(store.housekeeping().nextDue()).isEqualTo(due);
      clock.advance(Duration.ofSeconds(90));
      assertThat(store.housekeeping().promoteDue(10)).isEqualTo(1);
      ClaimedShard again = claimAll(store.queue(), 10).getFirst();

      assertThat(again.progress()).isNotNull();
      assertThat(again.progress().settled().stream().boxed().toList()).containsExactly(1);
      assertThat(again.progress().histories())
          .containsOnly(
              Map.entry(
                  102L,
                  new ShardQueue.History(
                      2,
                      1,
                      true,
                      Duration.ofSeconds(89),
                      Duration.ofSeconds(89).minusMillis(3),
                      due)));
      assertThat(again.crashes()).isZero();
    }

    @Test
    void countsAttemptsThatDidNotEndAnItem() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 1));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      Attempt failed = attempt(0, 1, Attempt.Kind.RETRYABLE, clock.instant());
      settle(new Settlement(shard.lease(), List.of(), List.of(failed)));
      assertThat(read(batch).attempts()).isEqualTo(1);
      Outcome success =
          new Outcome(0, "id-0", OutcomeState.SUCCEEDED, 200, 2, 7, clock.instant(), null, null);
      settle(some(shard.lease(), success));

      assertThat(read(batch).attempts()).isEqualTo(2);
      ItemRecord item = store.reader().item(batch, 0).orElseThrow();
      assertThat(item.outcome()).isEqualTo(success);
      assertThat(item.attempts()).containsExactly(failed);
    }

    @Test
    void keepsTheCapturedResponse() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 1));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      CapturedResponse response =
          new CapturedResponse(
              List.of(new Header("Server", "x"), new Header("Set-Cookie", "a\"b")),
              "no such order".getBytes(StandardCharsets.UTF_8),
              true);
      Outcome refused =
          new Outcome(
              0,
              "id-0",
              OutcomeState.FAILED,
              422,
              1,
              9,
              clock.instant(),
              new ItemError("http_status", "422"),
              response);
      settle(some(shard.lease(), refused));

      assertThat(store.reader().item(batch, 0).orElseThrow().outcome()).isEqualTo(refused);
      assertThat(allResults(batch)).extracting(ResultRecord::outcome).containsExactly(refused);
    }

    @Test
    void aShardGivenBackWithoutAnythingLeftIsDone() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 2));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      settle(all(shard, OutcomeState.SUCCEEDED, clock.instant()));
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));

      assertThat(store.queue().ready(0, 10)).isEmpty();
      assertThat(store.housekeeping().finish(List.of(batch.id()))).containsExactly(batch);
    }

    @Test
    void doesNotFinishABatchWithItemsLeft() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 2));
      ClaimedShard shard = claimAll(store.queue(), 10).getFirst();
      SettleReport report =
          settle(some(shard.lease(), outcome(1, OutcomeState.SUCCEEDED, clock.instant())));
      assertThat(report.drainedBatches()).isEmpty();
      assertThat(store.housekeeping().finish(List.of(batch.id()))).isEmpty();
      assertThat(store.housekeeping().unfinishedButDrained(10)).isEmpty();
    }

    @Test
    void continuesAfterACrash() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 3), shard(ALPHA, 3, 3));
      ClaimedShard held = claim(ALPHA, 3).getFirst();
      settle(some(held.lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));

      store = crashAndReopen();

      List<ClaimedShard> claimed = claimAll(store.queue(), 100);
      assertThat(claimed).hasSize(2);
      ClaimedShard again = claimed.getFirst();
      assertThat(again.lease().shardId()).isEqualTo(held.lease().shardId());
      assertThat(again.crashes()).isEqualTo(1);
      assertThat(again.progress().settled().cardinality()).isEqualTo(1);
      assertThat(claimed.getLast().crashes()).isZero();
      assertThat(settle(all(held, OutcomeState.FAILED, clock.instant())).fenced())
          .containsExactly(held.lease());
      SettleReport report =
          settle(
              all(again, OutcomeState.SUCCEEDED, clock.instant()),
              all(claimed.getLast(), OutcomeState.SUCCEEDED, clock.instant()));
      assertThat(store.housekeeping().finish(report.drainedBatches())).containsExactly(batch);
      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 6, 0, 0, 0, 0, 0));
    }

    @Test
    void oneLostShardNeverFailsAFlush() {
      BatchRef lostBatch = sealed(store.writer(), shard(ALPHA, 0, 2));
      BatchRef batch = sealed(store.writer(), shard(BETA, 0, 2), shard(BETA, 2, 2));
      ClaimedShard lost = claim(ALPHA, 10).getFirst();
      List<ClaimedShard> held = claim(BETA, 10);
      store.queue().giveBack(List.of(new GivenBack(lost.lease(), null)));
      Attempt late = attempt(0, 1, Attempt.Kind.RETRYABLE, clock.instant());

      SettleReport report =
          settle(
              all(held.getFirst(), OutcomeState.SUCCEEDED, clock.instant()),
              new Settlement(
                  lost.lease(),
                  List.of(outcome(1, OutcomeState.SUCCEEDED, clock.instant())),
                  List.of(late)),
              all(held.getLast(), OutcomeState.FAILED, clock.instant()));

      assertThat(report.fenced()).containsExactly(lost.lease());
      assertThat(report.drainedBatches()).containsExactly(batch.id());
      assertThat(read(batch).counts()).isEqualTo(new Counts(4, 0, 2, 2, 0, 0, 0, 0));
      assertThat(read(lostBatch).counts()).isEqualTo(new Counts(2, 0, 0, 0, 0, 0, 0, 0));
      assertThat(read(lostBatch).attempts()).isZero();
      assertThat(store.reader().item(lostBatch, 0).orElseThrow().attempts()).isEmpty();
    }

    @Test
    void repeatingASettleWhoseReplyWasLostChangesNothing() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 4), shard(ALPHA, 4, 2));
      List<ClaimedShard> claimed = claim(ALPHA, 10);
      Settlement part =
          new Settlement(
              claimed.getFirst().lease(),
              List.of(
                  outcome(0, OutcomeState.SUCCEEDED, clock.instant()),
                  outcome(1, OutcomeState.FAILED, clock.instant())),
              List.of(attempt(2, 1, Attempt.Kind.NOT_SENT, clock.instant())));
      Settlement whole = all(claimed.getLast(), OutcomeState.SUCCEEDED, clock.instant());
      settle(part, whole);
      BatchRecord before = read(batch);

      SettleReport again = settle(part, whole);

      assertThat(again.fenced()).isEmpty();
      assertThat(again.inserted()).isEmpty();
      assertThat(read(batch)).isEqualTo(before);
      assertThat(before.attempts()).isEqualTo(5);
      assertThat(store.reader().failures(batch, 10)).hasSize(1);
      assertThat(store.reader().item(batch, 2).orElseThrow().attempts()).hasSize(1);
    }

    @Test
    void anItemGoesOnAtItsFourthAttemptWhenThatIsDueAfterACrash() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 2));
      ClaimedShard shard = claim(ALPHA, 10).getFirst();
      Instant due = clock.instant().plusSeconds(90);
      Instant now = clock.instant();
      for (int number = 1; number <= 3; number++) {
        Instant next = number == 3 ? due : now;
        settle(
            new Settlement(
                shard.lease(),
                List.of(),
                List.of(
                    new Attempt(
                        1, number, Attempt.Kind.RETRYABLE, 503, null, now, 0, next, true))));
      }

      store = crashAndReopen();

      ClaimedShard again = claim(ALPHA, 10).getFirst();
      assertThat(again.progress().histories())
          .containsOnly(
              Map.entry(
                  1L,
                  new ShardQueue.History(
                      3, 3, false, Duration.ofSeconds(90), Duration.ofSeconds(90), due)));
      assertThat(read(batch).attempts()).isEqualTo(3);
      assertThat(store.reader().item(batch, 1).orElseThrow().attempts()).hasSize(3);
    }
  }

  /** What must not go twice, and what ends processes. */
  @Nested
  class Intending {

    private void intend(ClaimedShard shard, int number, long first, long last) {
      assertThat(store.queue().intend(List.of(new Intent(shard.lease(), number, first, last))))
          .isEmpty();
    }

    private Attempt tried(long index, int number, Attempt.Kind kind) {
      return attempt(index, number, kind, clock.instant());
    }

    private OutcomeState state(BatchRef batch, long index) {
      Outcome outcome = store.reader().item(batch, index).orElseThrow().outcome();
      return outcome == null ? null : outcome.state();
    }

    @Test
    void doubtsAfterACrashOnlyWhatWasIntendedAndHasNoEnd() {
      BatchRef batch =
          sealed(
              store.writer(),
              atMostOnce(),
              shard(ALPHA, 0, 8),
              shard(ALPHA, 8, 3),
              shard(ALPHA, 11, 3));
      ClaimedShard begun = claim(ALPHA, 8).getFirst();
      ClaimedShard unbegun = claim(ALPHA, 3).getFirst();
      intend(begun, 1, 0, 5);
      intend(begun, 2, 2, 2);
      settle(
          new Settlement(
              begun.lease(),
              List.of(outcome(0, OutcomeState.SUCCEEDED, clock.instant())),
              List.of(
                  tried(1, 1, Attempt.Kind.NOT_SENT),
                  tried(2, 1, Attempt.Kind.RETRYABLE),
                  tried(3, 1, Attempt.Kind.NOT_SENT))));

      store = crashAndReopen();

      // 2 was tried again and 4 and 5 a first time; 1 and 3 were not sent, 6 and 7 not begun.
      assertThat(read(batch).counts()).isEqualTo(new Counts(14, 0, 1, 0, 0, 0, 0, 3));
      for (long index = 0; index < 8; index++) {
        assertThat(state(batch, index))
            .as("item %d", index)
            .isEqualTo(
                switch ((int) index) {
                  case 0 -> OutcomeState.SUCCEEDED;
                  case 2, 4, 5 -> OutcomeState.IN_DOUBT;
                  default -> null;
                });
      }
      List<ClaimedShard> claimed = claimAll(store.queue(), 100);
      assertThat(claimed).extracting(ClaimedShard::firstIndex).containsExactly(0L, 8L, 11L);
      assertThat(claimed.getFirst().progress().settled().stream().boxed().toList())
          .containsExactly(0, 2, 4, 5);
      assertThat(claimed.getFirst().progress().histories()).containsOnlyKeys(1L, 3L);
      assertThat(settle(all(unbegun, OutcomeState.SUCCEEDED, clock.instant())).fenced())
          .containsExactly(unbegun.lease());
      SettleReport report =
          settle(
              all(claimed.get(0), OutcomeState.SUCCEEDED, clock.instant()),
              all(claimed.get(1), OutcomeState.SUCCEEDED, clock.instant()),
              all(claimed.get(2), OutcomeState.SUCCEEDED, clock.instant()));
      assertThat(store.housekeeping().finish(report.drainedBatches())).containsExactly(batch);
      assertThat(read(batch).counts()).isEqualTo(new Counts(14, 0, 11, 0, 0, 0, 0, 3));
    }

    @Test
    void doubtsOnlyItemsOfTheIntendedShard() {
      BatchRef batch =
          sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 3, 2), shard(BETA, 1, 3, 2));
      ClaimedShard alpha = claim(ALPHA, 10).getFirst();
      claim(BETA, 10);
      intend(alpha, 1, 0, 2);

      store = crashAndReopen();

      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 0, 0, 0, 0, 0, 2));
      assertThat(state(batch, 0)).isEqualTo(OutcomeState.IN_DOUBT);
      assertThat(state(batch, 1)).isNull();
      assertThat(state(batch, 2)).isEqualTo(OutcomeState.IN_DOUBT);
    }

    @Test
    void tellsWhichIntentsCameTooLate() {
      BatchRef batch = sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 2), shard(BETA, 2, 2));
      ClaimedShard lost = claim(ALPHA, 10).getFirst();
      ClaimedShard held = claim(BETA, 10).getFirst();
      store.queue().giveBack(List.of(new GivenBack(lost.lease(), null)));
      ClaimedShard regained = claim(ALPHA, 10).getFirst();

      List<ShardQueue.Lease> fenced =
          store
              .queue()
              .intend(
                  List.of(
                      new Intent(lost.lease(), 1, 0, 0),
                      new Intent(held.lease(), 1, 2, 3),
                      new Intent(lost.lease(), 1, 1, 1)));

      assertThat(fenced).containsExactly(lost.lease());
      store = crashAndReopen();
      assertThat(read(batch).counts()).isEqualTo(new Counts(4, 0, 0, 0, 0, 0, 0, 2));
      assertThat(state(batch, 0)).isNull();
      assertThat(store.queue().intend(List.of(new Intent(regained.lease(), 1, 0, 0))))
          .containsExactly(regained.lease());
    }

    @Test
    void nothingOfADoneShardMayBeSent() {
      sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 2));
      ClaimedShard shard = claim(ALPHA, 10).getFirst();
      settle(all(shard, OutcomeState.SUCCEEDED, clock.instant()));
      assertThat(store.queue().intend(List.of(new Intent(shard.lease(), 1, 0, 1))))
          .containsExactly(shard.lease());
    }

    @Test
    void intendingAgainChangesNothingAndMayReachFarther() {
      BatchRef batch = sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 5));
      ClaimedShard shard = claim(ALPHA, 10).getFirst();
      intend(shard, 1, 0, 2);
      intend(shard, 1, 0, 2);
      intend(shard, 1, 0, 3);
      intend(shard, 1, 0, 1);

      store = crashAndReopen();

      assertThat(read(batch).counts()).isEqualTo(new Counts(5, 0, 0, 0, 0, 0, 0, 4));
    }

    @Test
    void givingBackVoidsIntents() {
      BatchRef batch = sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 3));
      ClaimedShard held = claim(ALPHA, 3).getFirst();
      intend(held, 1, 0, 2);
      settle(some(held.lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));
      store.queue().giveBack(List.of(new GivenBack(held.lease(), null)));
      claim(ALPHA, 3);

      store = crashAndReopen();

      assertThat(read(batch).counts()).isEqualTo(new Counts(3, 0, 1, 0, 0, 0, 0, 0));
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void cancelDoubtsNothingThatWasGivenBack() {
      BatchRef batch = sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 3), shard(ALPHA, 3, 2));
      List<ClaimedShard> held = claim(ALPHA, 10);
      intend(held.getFirst(), 1, 0, 2);
      intend(held.getLast(), 1, 3, 4);
      settle(some(held.getFirst().lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));
      store
          .queue()
          .giveBack(held.stream().map(shard -> new GivenBack(shard.lease(), null)).toList());
      store.board().cancel(batch.id(), BY_TEST);
      store.housekeeping().closeShards(100);

      assertThat(read(batch).counts()).isEqualTo(new Counts(5, 0, 1, 0, 0, 4, 0, 0));
    }

    @Test
    void judgesACanaryThatACrashLeftInDoubt() {
      BatchOptions canary = atMostOnce().change().canary(new Canary(3, 0.1)).build();
      BatchRef batch = sealed(store.writer(), canary, shard(ALPHA, 0, 3), shard(ALPHA, 3, 3));
      List<ClaimedShard> claimed = claimAll(store.queue(), 100);
      assertThat(claimed).hasSize(1);
      intend(claimed.getFirst(), 1, 0, 2);

      store = crashAndReopen();

      assertThat(read(batch).state()).isEqualTo(BatchState.PAUSED);
      assertThat(read(batch).reason()).isNotNull();
      assertThat(read(batch).reason().code()).isEqualTo("canary_failed");
    }

    @Test
    void finishesABatchThatACrashLeftWhollyInDoubt() {
      BatchRef batch = sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 3));
      intend(claim(ALPHA, 3).getFirst(), 1, 0, 2);

      store = crashAndReopen();

      assertThat(read(batch).state()).isEqualTo(BatchState.COMPLETED);
      assertThat(read(batch).counts()).isEqualTo(new Counts(3, 0, 0, 0, 0, 0, 0, 3));
      assertThat(store.queue().ready(0, 10)).isEmpty();
    }

    @Test
    void countsCrashesUntilTheNextHolderSettlesAnything() {
      sealed(store.writer(), shard(ALPHA, 0, 3));
      for (int crashes = 0; crashes < 3; crashes++) {
        assertThat(claim(ALPHA, 3).getFirst().crashes()).isEqualTo(crashes);
        store = crashAndReopen();
      }
      ClaimedShard shard = claim(ALPHA, 3).getFirst();
      assertThat(shard.crashes()).isEqualTo(3);
      Attempt tried = tried(0, 1, Attempt.Kind.RETRYABLE);
      settle(new Settlement(shard.lease(), List.of(), List.of(tried)));
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));
      assertThat(claim(ALPHA, 3).getFirst().crashes()).isZero();
    }

    /** A process that ends while an item of a shard that runs alone is being sent. */
    private void endsDuring(long index) {
      ClaimedShard shard = claimDue(ALPHA, 3).getFirst();
      assertThat(shard.crashes()).isGreaterThanOrEqualTo(ShardQueue.ISOLATED_FROM);
      intend(shard, 1, index, index);
      store = crashAndReopen();
    }

    /** Claims once the time is over that suspects wait for after a start. */
    private List<ClaimedShard> claimDue(Destination destination, int items) {
      clock.advance(Duration.ofSeconds(6));
      store.housekeeping().promoteDue(100);
      return claim(destination, items);
    }

    private BatchRef crashedTwice() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 3), shard(BETA, 3, 3));
      for (int crash = 0; crash < 2; crash++) {
        claimAll(store.queue(), 100);
        store = crashAndReopen();
      }
      return batch;
    }

    @Test
    void anItemThatEndsTheProcessTwiceAloneIsPoison() {
      BatchRef batch = crashedTwice();
      endsDuring(1);
      assertThat(state(batch, 1)).isNull();
      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 0, 0, 0, 0, 0, 0));

      ClaimedShard again = claimDue(ALPHA, 3).getFirst();
      assertThat(again.progress().suspects()).containsExactly(1L);
      settle(some(again.lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));
      intend(again, 1, 1, 1);
      store = crashAndReopen();

      Outcome outcome = store.reader().item(batch, 1).orElseThrow().outcome();
      assertThat(outcome.state()).isEqualTo(OutcomeState.FAILED);
      assertThat(outcome.error().code()).isEqualTo("poison");
      assertThat(outcome.attemptCount()).isEqualTo(1);
      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 1, 1, 0, 0, 0, 0));
      // What ended the processes is known: nothing needs to run alone any more.
      List<ClaimedShard> left = claimAll(store.queue(), 100);
      assertThat(left).extracting(ClaimedShard::crashes).containsExactly(0, 0);
      assertThat(left.getFirst().progress().suspects()).isEmpty();
      SettleReport report =
          settle(
              all(left.getFirst(), OutcomeState.SUCCEEDED, clock.instant()),
              all(left.getLast(), OutcomeState.SUCCEEDED, clock.instant()));
      assertThat(store.housekeeping().finish(report.drainedBatches())).containsExactly(batch);
      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 5, 1, 0, 0, 0, 0));
    }

    @Test
    void endsOfTheProcessDuringDifferentItemsConvictNobody() {
      BatchRef batch = crashedTwice();
      for (long index = 0; index < 3; index++) {
        endsDuring(index);
      }
      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 0, 0, 0, 0, 0, 0));
      ClaimedShard shard = claimDue(ALPHA, 3).getFirst();
      assertThat(shard.progress().suspects()).containsExactlyInAnyOrder(0L, 1L, 2L);
    }

    @Test
    void anItemSettledOrTriedAloneIsASuspectNoLonger() {
      BatchRef batch = crashedTwice();
      endsDuring(0);
      endsDuring(1);
      ClaimedShard shard = claimDue(ALPHA, 3).getFirst();
      intend(shard, 1, 0, 0);
      settle(some(shard.lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));
      store = crashAndReopen();

      ClaimedShard again = claimDue(ALPHA, 3).getFirst();
      assertThat(again.progress().suspects()).containsExactly(1L);
      assertThat(again.crashes()).isGreaterThanOrEqualTo(ShardQueue.ISOLATED_FROM);
      intend(again, 1, 1, 1);
      settle(
          new Settlement(again.lease(), List.of(), List.of(tried(1, 1, Attempt.Kind.RETRYABLE))));
      store = crashAndReopen();

      ClaimedShard free = claimDue(ALPHA, 3).getFirst();
      assertThat(free.progress().suspects()).isEmpty();
      assertThat(free.crashes()).isEqualTo(1);
      intend(free, 2, 1, 1);
      store = crashAndReopen();
      assertThat(claimDue(ALPHA, 3).getFirst().progress().suspects()).containsExactly(1L);
      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 1, 0, 0, 0, 0, 0));
    }

    @Test
    void aSuspectStaysOneWhenItsShardIsGivenBack() {
      crashedTwice();
      endsDuring(2);
      ClaimedShard shard = claimDue(ALPHA, 3).getFirst();
      settle(some(shard.lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));

      ClaimedShard again = claimDue(ALPHA, 3).getFirst();
      assertThat(again.progress().suspects()).containsExactly(2L);
      assertThat(again.crashes()).isGreaterThanOrEqualTo(ShardQueue.ISOLATED_FROM);
    }

    @Test
    void aSuspectIsNotClaimableSoonAfterAStart() {
      crashedTwice();
      endsDuring(1);
      assertThat(claim(ALPHA, 3)).isEmpty();
      assertThat(claim(BETA, 3)).hasSize(1);
      clock.advance(Duration.ofSeconds(4));
      assertThat(store.housekeeping().promoteDue(100)).isZero();

      store = crashAndReopen();
      clock.advance(Duration.ofSeconds(2));
      assertThat(store.housekeeping().promoteDue(100)).as("it waits anew").isZero();
      clock.advance(Duration.ofSeconds(2));
      store.housekeeping().postponeSuspects();
      clock.advance(Duration.ofSeconds(2));
      assertThat(store.housekeeping().promoteDue(100)).as("and once more").isZero();
      assertThat(claimDue(ALPHA, 3)).hasSize(1);
    }

    @Test
    void anItemWhoseSendingTheProcessOutlivedIsNotBlamedForItsEnd() {
      BatchRef batch = crashedTwice();
      endsDuring(1);
      for (int end = 0; end < 3; end++) {
        ClaimedShard shard = claimDue(ALPHA, 3).getFirst();
        assertThat(shard.crashes()).isEqualTo(3 + end);
        Intent intent = new Intent(shard.lease(), 1, 1, 1);
        store.queue().intend(List.of(intent));
        settle(new Settlement(shard.lease(), List.of(), List.of(), List.of(intent)));
        store = crashAndReopen();
      }
      ClaimedShard shard = claim(ALPHA, 3).getFirst();
      assertThat(shard.progress().suspects()).isEmpty();
      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void theNextTryOfAnOutlivedItemIsToBlameAgain() {
      crashedTwice();
      ClaimedShard shard = claim(ALPHA, 3).getFirst();
      Intent first = new Intent(shard.lease(), 1, 1, 1);
      intend(shard, 1, 1, 1);
      intend(shard, 2, 1, 1);
      settle(new Settlement(shard.lease(), List.of(), List.of(), List.of(first)));
      store = crashAndReopen();
      assertThat(claimDue(ALPHA, 3).getFirst().progress().suspects()).containsExactly(1L);
    }

    @Test
    void aSuspectOfACancelledBatchIsInDoubt() {
      BatchRef batch = crashedTwice();
      endsDuring(1);
      store.board().cancel(batch.id(), BY_TEST);
      store.housekeeping().closeShards(100);

      assertThat(read(batch).counts()).isEqualTo(new Counts(6, 0, 0, 0, 0, 5, 0, 1));
      assertThat(state(batch, 1)).isEqualTo(OutcomeState.IN_DOUBT);
    }

    @Test
    void whatMustNotGoTwiceIsInDoubtAtTheFirstEnd() {
      BatchRef batch = sealed(store.writer(), atMostOnce(), shard(ALPHA, 0, 3));
      for (int crash = 0; crash < 2; crash++) {
        claim(ALPHA, 3);
        store = crashAndReopen();
      }
      endsDuring(1);
      assertThat(state(batch, 1)).isEqualTo(OutcomeState.IN_DOUBT);
      assertThat(claim(ALPHA, 3).getFirst().progress().suspects()).isEmpty();
    }
  }

  @Nested
  class ToBeDone {

    @Test
    void addsUpWhatIsToBeDone() {
      assertThat(store.reader().backlog(clock.instant()))
          .isEqualTo(new BacklogBoard.Backlog(Map.of(), 0, null, 0));
      Instant first = clock.instant();
      BatchRef running = sealed(store.writer(), shard(ALPHA, 0, 10), shard(BETA, 10, 5));
      ClaimedShard claimed = claim(ALPHA, 10).getFirst();
      settle(
          some(
              claimed.lease(),
              outcome(0, OutcomeState.FAILED, clock.instant()),
              outcome(1, OutcomeState.SUCCEEDED, clock.instant()),
              outcome(2, OutcomeState.SUCCEEDED, clock.instant()),
              outcome(3, OutcomeState.SUCCEEDED, clock.instant())));
      clock.advance(Duration.ofMinutes(1));
      sealed(store.writer(), shard(BETA, 0, 7));
      BatchRef paused = sealed(store.writer(), shard(ALPHA, 0, 100));
      store.board().pause(paused.id(), BY_TEST);

      BacklogBoard.Backlog backlog = store.reader().backlog(first);
      assertThat(backlog.batches())
          .isEqualTo(Map.of(BatchState.RUNNING, 1, BatchState.QUEUED, 1, BatchState.PAUSED, 1));
      assertThat(backlog.itemCount()).isEqualTo(11 + 7);
      assertThat(backlog.oldest()).isEqualTo(first);
      assertThat(backlog.stalledCount()).isZero();
      assertThat(store.reader().backlog(first.plusMillis(1)).stalledCount()).isEqualTo(1);

      store.board().cancel(running.id(), BY_TEST);
      assertThat(store.reader().backlog(clock.instant()).stalledCount()).isZero();
    }
  }

  @Nested
  class Control {

    @Test
    void pausesAndResumes() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10), shard(ALPHA, 10, 10));
      claim(ALPHA, 10);
      assertThat(store.board().pause(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.Done(BatchState.PAUSED));
      assertThat(store.board().pause(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.Done(BatchState.PAUSED));
      assertThat(read(batch).reason()).isEqualTo(BY_TEST);
      assertThat(store.queue().ready(0, 10)).isEmpty();
      assertThat(claim(ALPHA, 10)).isEmpty();
      assertThat(store.board().batchControls(Set.of(batch.id())))
          .containsExactly(new ControlBoard.BatchControl(batch.id(), false, false, 0));

      assertThat(store.board().resume(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.Done(BatchState.RUNNING));
      assertThat(claim(ALPHA, 10)).hasSize(1);
    }

    @Test
    void aShardGivenBackToAPausedBatchWaitsForTheResume() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10));
      ClaimedShard shard = claim(ALPHA, 10).getFirst();
      store.board().pause(batch.id(), BY_TEST);
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));
      assertThat(claim(ALPHA, 10)).isEmpty();
      store.board().resume(batch.id(), BY_TEST);
      assertThat(claim(ALPHA, 10)).hasSize(1);
    }

    @Test
    void tellsWhatTheStateForbids() {
      BatchRef batch = begin(store.writer(), open(null));
      assertThat(store.board().pause(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.InvalidState(BatchState.OPEN));
      store.writer().seal(batch.id(), null);
      assertThat(store.board().cancel(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.InvalidState(BatchState.COMPLETED));
    }

    @Test
    void cancelsUntouchedShardsByTheirOwnRow() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 300, 2), shard(BETA, 1, 300, 2));
      assertThat(store.board().cancel(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.Done(BatchState.CANCELLING));
      assertThat(claimAll(store.queue(), 100)).isEmpty();

      assertThat(store.housekeeping().closeShards(1).shardCount()).isEqualTo(1);
      assertThat(store.housekeeping().closeShards(100).shardCount()).isEqualTo(1);
      assertThat(store.housekeeping().closeShards(100).shardCount()).isZero();

      BatchRecord read = read(batch);
      assertThat(read.state()).isEqualTo(BatchState.CANCELLED);
      assertThat(read.counts()).isEqualTo(new Counts(600, 0, 0, 0, 0, 600, 0, 0));
      assertThat(store.reader().item(batch, 7).orElseThrow().outcome())
          .satisfies(o -> assertThat(o.state()).isEqualTo(OutcomeState.CANCELLED))
          .satisfies(o -> assertThat(o.clientId()).isEqualTo("id-7"));
      assertThat(allResults(batch)).hasSize(600);
      assertThat(store.reader().failures(batch, 10))
          .extracting(FailureGroup::count)
          .containsExactly(300L, 300L);
      assertThat(store.board().cancel(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.Done(BatchState.CANCELLED));
    }

    @Test
    void cancelLeavesDoubtWhereARequestMayHaveArrived() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 4), shard(ALPHA, 4, 4));
      ClaimedShard shard = claim(ALPHA, 4).getFirst();
      settle(
          new Settlement(
              shard.lease(),
              List.of(outcome(0, OutcomeState.SUCCEEDED, clock.instant())),
              List.of(
                  attempt(1, 1, Attempt.Kind.MAYBE_SENT, clock.instant()),
                  attempt(2, 1, Attempt.Kind.NOT_SENT, clock.instant()))));
      store.board().cancel(batch.id(), BY_TEST);
      store.housekeeping().closeShards(100);
      assertThat(read(batch).state()).isEqualTo(BatchState.CANCELLING);
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));
      assertThat(claimAll(store.queue(), 10)).isEmpty();
      store.housekeeping().closeShards(100);

      BatchRecord read = read(batch);
      assertThat(read.state()).isEqualTo(BatchState.CANCELLED);
      assertThat(read.counts()).isEqualTo(new Counts(8, 0, 1, 0, 0, 6, 0, 1));
      assertThat(store.reader().item(batch, 1).orElseThrow().outcome().state())
          .isEqualTo(OutcomeState.IN_DOUBT);
      assertThat(read.attempts()).isEqualTo(3);
    }

    @Test
    void cancelClosesShardsThatWait() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 4));
      ClaimedShard shard = claim(ALPHA, 4).getFirst();
      store
          .queue()
          .giveBack(List.of(new GivenBack(shard.lease(), clock.instant().plusSeconds(3600))));
      store.board().cancel(batch.id(), BY_TEST);
      store.housekeeping().closeShards(100);
      assertThat(read(batch).state()).isEqualTo(BatchState.CANCELLED);
      assertThat(store.housekeeping().nextDue()).isNull();
    }

    @Test
    void cancelWinsOverCompletion() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 4));
      ClaimedShard shard = claim(ALPHA, 4).getFirst();
      store.board().cancel(batch.id(), BY_TEST);
      SettleReport report = settle(all(shard, OutcomeState.SUCCEEDED, clock.instant()));
      store.housekeeping().finish(report.drainedBatches());
      assertThat(read(batch).state()).isEqualTo(BatchState.CANCELLED);
      assertThat(read(batch).counts().succeeded()).isEqualTo(4);
    }

    @Test
    void cancelsAnOpenBatchWithItsRunningUpload() {
      BatchRef batch = begin(store.writer(), open(null));
      long first = openUpload(store.writer(), batch);
      store.writer().append(first, List.of(shard(ALPHA, 0, 4)));
      store.writer().commit(first, summary(4));
      long running = openUpload(store.writer(), batch);
      store.writer().append(running, List.of(shard(ALPHA, 4, 4)));
      store.board().cancel(batch.id(), BY_TEST);
      assertThatThrownBy(() -> store.writer().append(running, List.of(shard(ALPHA, 8, 4))))
          .isInstanceOf(StoreException.class);

      store.housekeeping().closeShards(100);
      store.housekeeping().deleteDeadUploads(clock.instant(), 100);

      assertThat(read(batch).state()).isEqualTo(BatchState.CANCELLED);
      assertThat(read(batch).counts()).isEqualTo(new Counts(4, 0, 0, 0, 0, 4, 0, 0));
    }

    @Test
    void keepsWhatAnOperatorSetForADestination() {
      DestinationSettings settings =
          new DestinationSettings(
              new Rate(10, Duration.ofSeconds(1), 5),
              DestinationSettings.Concurrency.fixed(3),
              DestinationSettings.BreakerOverride.OPEN);
      DestinationRecord updated = store.board().update(BETA, settings);
      assertThat(updated.settings()).isEqualTo(settings);
      assertThat(store.reader().destination(BETA.key())).contains(updated);
      assertThat(store.board().destinationControls(Set.of(updated.id()))).containsExactly(updated);
      assertThat(store.reader().destinations(0, 10)).containsExactly(updated);
      assertThat(store.board().update(BETA, DestinationSettings.DEFAULT).id())
          .isEqualTo(updated.id());
    }

    @Test
    void givesOnlyWhatFailsFastBehindAnOpenBreaker() {
      BatchRef waits = sealed(store.writer(), shard(ALPHA, 0, 10));
      BatchRef failsFast = sealed(store.writer(), failFast(), shard(ALPHA, 0, 5));
      long id = store.reader().destination(ALPHA.key()).orElseThrow().id();
      Instant until = clock.instant().plusSeconds(60);

      store.board().park(List.of(new ControlBoard.Parking(id, until, "breaker")));
      assertThat(claimAll(store.queue(), 100))
          .singleElement()
          .satisfies(shard -> assertThat(shard.lease().batchId()).isEqualTo(failsFast.id()));
      assertThat(store.queue().ready(0, 10)).isEmpty();

      store.board().park(List.of(Parking.over(id, until)));
      assertThat(claimAll(store.queue(), 100))
          .singleElement()
          .satisfies(shard -> assertThat(shard.lease().batchId()).isEqualTo(waits.id()));
    }

    @Test
    void noneOfManyChangesOfADestinationIsLost() throws Exception {
      try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          running.add(pool.submit(() -> store.board().update(ALPHA, StoreContract::oneMore)));
        }
        for (Future<?> one : running) {
          one.get(30, TimeUnit.SECONDS);
        }
      }
      assertThat(store.reader().destination(ALPHA.key()).orElseThrow().settings().concurrency())
          .isEqualTo(Concurrency.fixed(40));
    }

    @Test
    void anOperatorWhoClosesABreakerEndsItsParking() {
      sealed(store.writer(), shard(ALPHA, 0, 10));
      long id = store.reader().destination(ALPHA.key()).orElseThrow().id();
      Parking broken = new Parking(id, clock.instant().plusSeconds(60), "breaker");
      store.board().park(List.of(broken));
      store.board().update(ALPHA, DestinationSettings.DEFAULT);
      assertThat(claim(ALPHA, 10)).isEmpty();

      store.board().update(ALPHA, breaker(BreakerOverride.OPEN));
      assertThat(claim(ALPHA, 10)).isEmpty();
      store.board().update(ALPHA, DestinationSettings.DEFAULT);
      assertThat(store.reader().destination(ALPHA.key()).orElseThrow().parkedUntil()).isNull();

      store.board().park(List.of(broken));
      store.board().update(ALPHA, breaker(BreakerOverride.CLOSED));
      assertThat(claim(ALPHA, 10)).hasSize(1);
    }

    @Test
    void theLongestParkingOfAllReplicasHolds() {
      sealed(store.writer(), shard(ALPHA, 0, 10));
      long id = store.reader().destination(ALPHA.key()).orElseThrow().id();
      Instant soon = clock.instant().plusSeconds(20);
      Instant late = clock.instant().plusSeconds(60);
      store.board().park(List.of(new Parking(id, late, "breaker")));
      store.board().park(List.of(new Parking(id, soon, "hold")));
      assertThat(store.board().destinationControls(Set.of(id)))
          .singleElement()
          .satisfies(
              parked -> {
                assertThat(parked.parkedUntil()).isEqualTo(late);
                assertThat(parked.parkReason()).isEqualTo("breaker");
              });

      store.board().park(List.of(Parking.over(id, soon)));
      assertThat(claim(ALPHA, 10)).as("another replica's is not over").isEmpty();
      store.board().park(List.of(Parking.over(id, late)));
      assertThat(claim(ALPHA, 10)).hasSize(1);
    }

    private static DestinationSettings breaker(BreakerOverride wanted) {
      return new DestinationSettings(null, null, wanted);
    }

    @Test
    void givesNothingWhileADestinationAskedToBeLeftAlone() {
      sealed(store.writer(), failFast(), shard(ALPHA, 0, 5));
      long id = store.reader().destination(ALPHA.key()).orElseThrow().id();
      store
          .board()
          .park(List.of(new ControlBoard.Parking(id, clock.instant().plusSeconds(60), "hold")));
      assertThat(claimAll(store.queue(), 100)).isEmpty();
      assertThat(claim(ALPHA, 10)).isEmpty();
    }

    @Test
    void showsWhatWaitsInTheStore() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10));
      ClaimedShard shard = claimAll(store.queue(), 100).getFirst();
      Instant due = clock.instant().plusSeconds(600);
      settle(some(shard.lease(), outcome(3, OutcomeState.SUCCEEDED, clock.instant())));
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), due)));

      assertThat(store.reader().flows(batch, 10))
          .singleElement()
          .satisfies(
              flow -> {
                assertThat(flow.snapshot().waitingOn()).isEqualTo("retry");
                assertThat(flow.snapshot().waitingCount()).isEqualTo(9);
                assertThat(flow.snapshot().until()).isEqualTo(due);
                assertThat(flow.destination().destination()).isEqualTo(ALPHA);
              });
    }

    @Test
    void showsWhatLanesPublished() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10));
      long id = store.reader().destination(ALPHA.key()).orElseThrow().id();
      LaneSnapshot lane = new LaneSnapshot(id, 3, 4, 8, "closed", null, 12.5, null);
      FlowSnapshot flow = new FlowSnapshot(batch.id(), id, 3, "rate", 4, null, 12.5);
      store
          .board()
          .publish(new ControlBoard.Snapshot(clock.instant(), List.of(lane), List.of(flow)));

      assertThat(read(batch).counts().inFlight()).isEqualTo(3);
      assertThat(store.reader().flows(batch, 10))
          .singleElement()
          .satisfies(f -> assertThat(f.snapshot()).isEqualTo(flow))
          .satisfies(f -> assertThat(f.destination().lane()).isEqualTo(lane));
      clock.advance(Duration.ofSeconds(10));
      assertThat(read(batch).counts().inFlight()).isZero();
    }
  }

  @Nested
  class Deadlines {

    private final Instant deadline = clock.instant().plusSeconds(60);

    private void passDeadline() {
      assertThat(store.housekeeping().expireBatches(100)).isZero();
      assertThat(store.housekeeping().nextDue()).isEqualTo(deadline);
      clock.advance(Duration.ofSeconds(60));
      assertThat(store.housekeeping().expireBatches(100)).isEqualTo(1);
      assertThat(store.housekeeping().expireBatches(100)).isZero();
      assertThat(store.housekeeping().nextDue()).isNotEqualTo(deadline);
    }

    private void completes(BatchRef batch, Counts counts) {
      BatchRecord read = read(batch);
      assertThat(read.state()).isEqualTo(BatchState.COMPLETED);
      assertThat(read.counts()).isEqualTo(counts);
      assertThat(read.reason()).isNotNull();
      assertThat(read.reason().code()).isEqualTo("deadline");
      assertThat(read.reason().message()).contains(deadline.toString());
      assertThat(read.reason().by()).isEqualTo("sluice");
    }

    @Test
    void whatWasNeverTriedExpiresByItsShard() {
      BatchRef batch =
          sealed(store.writer(), deadline(deadline), shard(ALPHA, 0, 300), shard(BETA, 300, 300));
      passDeadline();
      assertThat(claimAll(store.queue(), 100)).isEmpty();
      assertThat(store.board().batchControls(Set.of(batch.id())))
          .containsExactly(new ControlBoard.BatchControl(batch.id(), false, false, 0));

      assertThat(store.housekeeping().closeShards(1).outcomes())
          .isEqualTo(Map.of(OutcomeState.EXPIRED, 300));
      assertThat(read(batch).state()).isEqualTo(BatchState.QUEUED);
      store.housekeeping().closeShards(100);

      completes(batch, new Counts(600, 0, 0, 0, 600, 0, 0, 0));
      assertThat(store.reader().item(batch, 7).orElseThrow().outcome().state())
          .isEqualTo(OutcomeState.EXPIRED);
    }

    @Test
    void anAttemptOnTheWireKeepsItsOutcomeAndDoubtStaysDoubt() {
      BatchRef batch = sealed(store.writer(), deadline(deadline), shard(ALPHA, 0, 4));
      ClaimedShard shard = claim(ALPHA, 4).getFirst();
      settle(
          new Settlement(
              shard.lease(),
              List.of(),
              List.of(
                  attempt(1, 1, Attempt.Kind.MAYBE_SENT, clock.instant()),
                  attempt(2, 1, Attempt.Kind.NOT_SENT, clock.instant()))));
      passDeadline();
      store.housekeeping().closeShards(100);
      assertThat(read(batch).state()).isEqualTo(BatchState.RUNNING);

      settle(some(shard.lease(), outcome(0, OutcomeState.SUCCEEDED, clock.instant())));
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));
      assertThat(claimAll(store.queue(), 10)).isEmpty();
      store.housekeeping().closeShards(100);

      completes(batch, new Counts(4, 0, 1, 0, 2, 0, 0, 1));
      assertThat(store.reader().item(batch, 1).orElseThrow().outcome().state())
          .isEqualTo(OutcomeState.IN_DOUBT);
    }

    @Test
    void aRetryThatWaitsInTheStoreIsNotWaitedFor() {
      BatchRef batch = sealed(store.writer(), deadline(deadline), shard(ALPHA, 0, 4));
      ClaimedShard shard = claim(ALPHA, 4).getFirst();
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), deadline.plusSeconds(3600))));
      passDeadline();
      store.housekeeping().closeShards(100);
      completes(batch, new Counts(4, 0, 0, 0, 4, 0, 0, 0));
    }

    @Test
    void aPausedBatchExpiresAndAResumeSendsNothing() {
      BatchRef batch = sealed(store.writer(), deadline(deadline), shard(ALPHA, 0, 4));
      store.board().pause(batch.id(), BY_TEST);
      passDeadline();
      assertThat(read(batch).state()).isEqualTo(BatchState.PAUSED);
      store.board().resume(batch.id(), BY_TEST);
      store.housekeeping().followBatchStates(100);
      assertThat(claimAll(store.queue(), 10)).isEmpty();
      store.housekeeping().closeShards(100);
      assertThat(read(batch).state()).isEqualTo(BatchState.COMPLETED);
      assertThat(read(batch).counts().expired()).isEqualTo(4);
    }

    @Test
    void aBatchPastItsDeadlineHoldsNothingBeforeItExpires() {
      BatchRef overdue =
          sealed(store.writer(), deadline(deadline), shard(ALPHA, 0, 4), shard(BETA, 4, 4));
      ClaimedShard held = claim(ALPHA, 4).getFirst();
      clock.advance(Duration.ofSeconds(60));

      assertThat(store.board().batchControls(List.of(overdue.id())))
          .containsExactly(new ControlBoard.BatchControl(overdue.id(), false, false, 0));
      store.queue().giveBack(List.of(new GivenBack(held.lease(), null)));
      assertThat(store.queue().ready(0, 10)).isEmpty();
      BatchRef other = sealed(store.writer(), shard(ALPHA, 0, 2));
      assertThat(claim(ALPHA, 10))
          .extracting(shard -> shard.lease().batchId())
          .containsExactly(other.id());

      assertThat(store.housekeeping().expireBatches(100)).isEqualTo(1);
      store.housekeeping().closeShards(100);
      completes(overdue, new Counts(8, 0, 0, 0, 8, 0, 0, 0));
    }

    @Test
    void aBatchSealedOrDueAfterItsDeadlineExpires() {
      BatchRef scheduled =
          sealed(store.writer(), deadline(deadline.minusSeconds(1), deadline), shard(ALPHA, 0, 4));
      BatchRef open = begin(store.writer(), batch(null, true, deadline(deadline)));
      long upload = openUpload(store.writer(), open);
      store.writer().append(upload, List.of(shard(ALPHA, 0, 3)));
      store.writer().commit(upload, summary(3));
      clock.advance(Duration.ofSeconds(60));
      assertThat(store.housekeeping().expireBatches(100)).as("the scheduled one").isEqualTo(1);
      store.housekeeping().promoteDue(100);
      assertThat(claimAll(store.queue(), 10)).isEmpty();
      store.housekeeping().closeShards(100);
      completes(scheduled, new Counts(4, 0, 0, 0, 4, 0, 0, 0));

      store.writer().seal(open.id(), null);
      assertThat(store.housekeeping().expireBatches(100)).isEqualTo(1);
      store.housekeeping().closeShards(100);
      completes(open, new Counts(3, 0, 0, 0, 3, 0, 0, 0));
    }

    @Test
    void survivesAKill() {
      BatchRef batch = sealed(store.writer(), deadline(deadline), shard(ALPHA, 0, 4));
      claim(ALPHA, 4);
      passDeadline();
      store = crashAndReopen();
      assertThat(claimAll(store.queue(), 10)).isEmpty();
      store.housekeeping().closeShards(100);
      completes(batch, new Counts(4, 0, 0, 0, 4, 0, 0, 0));
    }

    @Test
    void cancelWinsTheBatchButNotTheItems() {
      BatchRef batch = sealed(store.writer(), deadline(deadline), shard(ALPHA, 0, 4));
      passDeadline();
      assertThat(store.board().cancel(batch.id(), BY_TEST))
          .isEqualTo(new Controlled.Done(BatchState.CANCELLING));
      store.housekeeping().closeShards(100);
      assertThat(read(batch).state()).isEqualTo(BatchState.CANCELLED);
      assertThat(read(batch).counts()).isEqualTo(new Counts(4, 0, 0, 0, 4, 0, 0, 0));
    }
  }

  @Nested
  class Gates {

    private static BatchOptions gates(HaltOn haltOn, Canary canary) {
      return BatchOptions.DEFAULT.change().haltOn(haltOn).canary(canary).build();
    }

    private static BatchOptions ratio(double ratio, int after, HaltOn.Action action) {
      return gates(new HaltOn(ratio, after, 0, action), null);
    }

    private static BatchOptions canary(int items, double ratio) {
      return gates(new HaltOn(null, 1, 3, HaltOn.Action.PAUSE), new Canary(items, ratio));
    }

    private Outcome ended(long index, int status) {
      clock.advance(Duration.ofMillis(1));
      OutcomeState state = status < 300 ? OutcomeState.SUCCEEDED : OutcomeState.FAILED;
      return new Outcome(index, null, state, status, 1, 1, clock.instant(), null, null);
    }

    private Settlement ended(ClaimedShard shard, int status, long... indexes) {
      List<Outcome> outcomes = new ArrayList<>();
      for (long index : indexes) {
        outcomes.add(ended(index, status));
      }
      return new Settlement(shard.lease(), outcomes, List.of());
    }

    private void isHalted(SettleReport report, BatchRef batch, HaltRule rule, String message) {
      assertThat(report.halted()).containsExactly(new ShardQueue.Halt(batch, rule));
      assertThat(read(batch).state()).isEqualTo(BatchState.PAUSED);
      assertThat(read(batch).reason())
          .isEqualTo(
              new StateReason(
                  rule == HaltRule.CANARY ? "canary_failed" : "halted", message, "sluice"));
      assertThat(claimAll(store.queue(), 100)).isEmpty();
      assertThat(store.board().batchControls(Set.of(batch.id())))
          .allMatch(control -> !control.sendable());
    }

    @Test
    void tooManyFailuresStopABatchAndAResumeBeginsAnew() {
      BatchRef batch =
          sealed(
              store.writer(),
              ratio(0.5, 4, HaltOn.Action.PAUSE),
              shard(ALPHA, 0, 20),
              shard(ALPHA, 20, 20));
      ClaimedShard shard = claim(ALPHA, 1).getFirst();
      assertThat(settle(ended(shard, 500, 0, 1, 2)).halted()).as("too few").isEmpty();
      isHalted(
          settle(ended(shard, 200, 3)),
          batch,
          HaltRule.FAILURE_RATIO,
          "3 of 4 outcomes were no success; haltOn.failureRatio is 0.5 after 4");
      assertThat(settle(ended(shard, 500, 4)).halted()).as("stopped before").isEmpty();

      store.board().resume(batch.id(), BY_TEST);
      store = crashAndReopen();
      shard = claim(ALPHA, 1).getFirst();
      assertThat(settle(ended(shard, 500, 5, 6, 7)).halted()).isEmpty();
      isHalted(
          settle(ended(shard, 200, 8, 9, 10), ended(shard, 500, 11)),
          batch,
          HaltRule.FAILURE_RATIO,
          "4 of 7 outcomes were no success; haltOn.failureRatio is 0.5 after 4");
    }

    @Test
    void fewerFailuresStopNothing() {
      BatchRef batch =
          sealed(store.writer(), ratio(0.5, 4, HaltOn.Action.PAUSE), shard(ALPHA, 0, 20));
      ClaimedShard shard = claim(ALPHA, 1).getFirst();
      settle(ended(shard, 200, 0, 1, 2), ended(shard, 500, 3, 4));
      assertThat(read(batch).state()).isEqualTo(BatchState.RUNNING);
      assertThat(read(batch).reason()).isNull();
    }

    @Test
    void aHaltCancelsWhenItShall() {
      BatchRef batch =
          sealed(store.writer(), ratio(1, 2, HaltOn.Action.CANCEL), shard(ALPHA, 0, 10));
      ClaimedShard shard = claim(ALPHA, 1).getFirst();
      assertThat(settle(ended(shard, 500, 0, 1)).halted()).hasSize(1);
      assertThat(read(batch).state()).isEqualTo(BatchState.CANCELLING);
      assertThat(read(batch).reason().code()).isEqualTo("halted");
      store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));
      store.housekeeping().closeShards(100);
      assertThat(read(batch).state()).isEqualTo(BatchState.CANCELLED);
      assertThat(read(batch).counts()).isEqualTo(new Counts(10, 0, 0, 2, 0, 8, 0, 0));
    }

    @Test
    void aBatchThatIsDoneIsNotHalted() {
      BatchRef batch =
          sealed(store.writer(), ratio(0.5, 1, HaltOn.Action.PAUSE), shard(ALPHA, 0, 2));
      SettleReport report = settle(ended(claim(ALPHA, 1).getFirst(), 500, 0, 1));
      assertThat(report.halted()).isEmpty();
      assertThat(store.housekeeping().finish(report.drainedBatches())).containsExactly(batch);
    }

    @Test
    void refusedCredentialsInARowStopABatchByDefault() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 100));
      ClaimedShard shard = claim(ALPHA, 1).getFirst();
      for (int i = 0; i < 19; i++) {
        assertThat(settle(ended(shard, i % 2 == 0 ? 401 : 403, i)).halted()).isEmpty();
      }
      store = crashAndReopen();
      shard = claim(ALPHA, 1).getFirst();
      isHalted(
          settle(ended(shard, 407, 19)),
          batch,
          HaltRule.AUTHENTICATION,
          "20 outcomes in a row had status 401, 403 or 407; haltOn.consecutiveAuthFailures is 20");

      store.board().resume(batch.id(), BY_TEST);
      assertThat(settle(ended(shard, 401, 20, 21, 22)).halted()).isEmpty();
      assertThat(read(batch).state()).isEqualTo(BatchState.RUNNING);
    }

    @Test
    void anyOtherOutcomeEndsARunOfRefusals() {
      sealed(store.writer(), canary(100, 1), shard(ALPHA, 0, 100), shard(BETA, 100, 100));
      ClaimedShard alpha = claim(ALPHA, 1).getFirst();
      settle(ended(alpha, 401, 0, 1));
      settle(ended(alpha, 500, 2));
      assertThat(settle(ended(alpha, 401, 3, 4)).halted()).isEmpty();
      Settlement more = ended(alpha, 200, 5);
      assertThat(settle(more, ended(alpha, 401, 6, 7)).halted()).isEmpty();
    }

    @Test
    void aRunThatEndedBeforeItWasStoredStillStops() {
      BatchRef batch = sealed(store.writer(), canary(100, 1), shard(ALPHA, 0, 200));
      ClaimedShard shard = claim(ALPHA, 1).getFirst();
      Settlement first = ended(shard, 403, 0, 1, 2);
      assertThat(settle(first, ended(shard, 200, 3)).halted())
          .containsExactly(new ShardQueue.Halt(batch, HaltRule.AUTHENTICATION));
    }

    @Test
    void aCanaryIsClaimedFirstAndReleasesTheRestOnAllDestinations() {
      BatchRef batch =
          sealed(
              store.writer(),
              canary(4, 0.25),
              shard(ALPHA, 0, 2),
              shard(BETA, 2, 10),
              shard(ALPHA, 12, 5),
              shard(BETA, 17, 5));
      List<ClaimedShard> first = claimAll(store.queue(), 100);
      assertThat(first).extracting(ClaimedShard::firstIndex).containsExactly(0L, 2L);
      assertThat(store.queue().ready(0, 10)).as("nothing to claim, nothing to look at").isEmpty();
      assertThat(store.board().batchControls(Set.of(batch.id())))
          .containsExactly(new ControlBoard.BatchControl(batch.id(), true, true, 0));
      assertThat(read(batch).heldFrom()).isEqualTo(4);

      // What comes back meanwhile is claimed again, nothing else.
      store.queue().giveBack(List.of(new GivenBack(first.getLast().lease(), null)));
      ClaimedShard beta = claimAll(store.queue(), 100).getFirst();
      assertThat(beta.firstIndex()).isEqualTo(2);
      settle(ended(first.getFirst(), 200, 0, 1), ended(beta, 200, 2));
      assertThat(claimAll(store.queue(), 100)).isEmpty();

      SettleReport last = settle(ended(beta, 500, 3));
      assertThat(last.halted()).isEmpty();
      assertThat(read(batch).heldFrom()).isNull();
      assertThat(store.board().batchControls(Set.of(batch.id())))
          .containsExactly(new ControlBoard.BatchControl(batch.id(), true, false, 0));
      assertThat(claimAll(store.queue(), 100))
          .extracting(ClaimedShard::firstIndex)
          .containsExactly(12L, 17L);
    }

    @Test
    void aFailedCanaryStopsTheBatchAndAResumeSendsTheRest() {
      BatchRef batch =
          sealed(store.writer(), canary(4, 0.25), shard(ALPHA, 0, 10), shard(BETA, 10, 10));
      claimAll(store.queue(), 100);
      ClaimedShard shard = claimAfterACrash();
      settle(ended(shard, 200, 0, 1));
      isHalted(
          settle(ended(shard, 500, 2, 3)),
          batch,
          HaltRule.CANARY,
          "2 of the first 4 items were no success; canary.maxFailureRatio is 0.25; "
              + "a resume sends the rest");
      store = crashAndReopen();
      assertThat(read(batch).state()).isEqualTo(BatchState.PAUSED);
      assertThat(claimAll(store.queue(), 100)).isEmpty();

      store.board().resume(batch.id(), BY_TEST);
      assertThat(read(batch).heldFrom()).isNull();
      assertThat(claimAll(store.queue(), 100)).hasSize(2);
    }

    private ClaimedShard claimAfterACrash() {
      store = crashAndReopen();
      return claimAll(store.queue(), 100).getFirst();
    }

    @Test
    void aCanaryThatEndsDuringAPauseIsJudged() {
      BatchRef batch =
          sealed(store.writer(), canary(2, 0), shard(ALPHA, 0, 10), shard(BETA, 10, 10));
      ClaimedShard shard = claimAll(store.queue(), 100).getFirst();
      store.board().pause(batch.id(), BY_TEST);
      assertThat(settle(ended(shard, 500, 0, 1)).halted())
          .containsExactly(new ShardQueue.Halt(batch, HaltRule.CANARY));
      assertThat(read(batch).state()).isEqualTo(BatchState.PAUSED);
      assertThat(read(batch).reason().code()).isEqualTo("canary_failed");
      store.board().resume(batch.id(), BY_TEST);
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void aHaltWithinTheCanaryLeavesTheCanaryOn() {
      BatchRef batch = sealed(store.writer(), canary(5, 1), shard(ALPHA, 0, 5), shard(BETA, 5, 5));
      ClaimedShard shard = claimAll(store.queue(), 100).getFirst();
      assertThat(settle(ended(shard, 401, 0, 1, 2)).halted()).hasSize(1);
      store.board().resume(batch.id(), BY_TEST);
      assertThat(read(batch).heldFrom()).isEqualTo(5);
      assertThat(claimAll(store.queue(), 100)).isEmpty();

      settle(ended(shard, 200, 3));
      assertThat(settle(ended(shard, 401, 4)).halted()).isEmpty();
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void aHaltThatEndsTheCanaryLeavesNothingHeldAfterTheResume() {
      BatchRef batch = sealed(store.writer(), canary(3, 1), shard(ALPHA, 0, 3), shard(BETA, 3, 5));
      ClaimedShard shard = claimAll(store.queue(), 100).getFirst();
      isHalted(
          settle(ended(shard, 401, 0, 1, 2)),
          batch,
          HaltRule.AUTHENTICATION,
          "3 outcomes in a row had status 401, 403 or 407; haltOn.consecutiveAuthFailures is 3");
      store.board().resume(batch.id(), BY_TEST);
      assertThat(claimAll(store.queue(), 100)).hasSize(1);
    }

    @Test
    void aCanaryOfAllItemsHoldsNothing() {
      BatchRef batch = sealed(store.writer(), canary(50, 0), shard(ALPHA, 0, 10));
      ClaimedShard shard = claimAll(store.queue(), 100).getFirst();
      SettleReport report = settle(all(shard, OutcomeState.FAILED, clock.instant()));
      assertThat(report.halted()).isEmpty();
      assertThat(store.housekeeping().finish(report.drainedBatches())).containsExactly(batch);
    }
  }

  @Nested
  class Changing {

    private Controlled change(BatchRef batch, UnaryOperator<BatchOptions.Builder> options) {
      return store
          .board()
          .change(
              batch.id(),
              of ->
                  new BatchSettings(
                      of.name(), of.metadata(), options.apply(of.options().change()).build()));
    }

    private Settlement failed(ClaimedShard shard, long... indexes) {
      List<Outcome> outcomes = new ArrayList<>();
      for (long index : indexes) {
        outcomes.add(
            new Outcome(index, null, OutcomeState.FAILED, 500, 1, 1, clock.instant(), null, null));
      }
      return new Settlement(shard.lease(), outcomes, List.of());
    }

    private Controlled rename(BatchRef batch, String name) {
      return store
          .board()
          .change(batch.id(), of -> new BatchSettings(name, Map.of("by", name), of.options()));
    }

    private long revision(BatchRef batch) {
      return store.board().batchControls(Set.of(batch.id())).getFirst().revision();
    }

    @Test
    void keepsAChangeAndTellsDispatchOfIt() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10), shard(ALPHA, 10, 10));
      assertThat(claim(ALPHA, 1).getFirst().terms().revision()).isZero();
      Rate rate = new Rate(400, Duration.ofSeconds(1), 4);
      Instant deadline = clock.instant().plusSeconds(60);
      HaltOn haltOn = new HaltOn(0.5, 7, 3, HaltOn.Action.CANCEL);

      assertThat(
              change(
                  batch,
                  of -> of.rate(rate).concurrency(9).weight(5).deadline(deadline).haltOn(haltOn)))
          .isEqualTo(new Controlled.Done(BatchState.RUNNING));

      BatchOptions expected =
          BatchOptions.DEFAULT
              .change()
              .rate(rate)
              .concurrency(9)
              .weight(5)
              .deadline(deadline)
              .haltOn(haltOn)
              .build();
      assertThat(read(batch).options()).isEqualTo(expected);
      assertThat(revision(batch)).isEqualTo(1);
      BatchTerms terms = store.board().batchTerms(Set.of(batch.id())).getFirst();
      assertThat(terms).isEqualTo(new BatchTerms(batch, Tenants.DEFAULT, expected, 1));
      assertThat(claim(ALPHA, 1).getFirst().terms()).isEqualTo(terms);
      store = crashAndReopen();
      assertThat(read(batch).options()).isEqualTo(expected);
      assertThat(revision(batch)).isEqualTo(1);
    }

    @Test
    void aChangeThatChangesNothingMakesNoRevision() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10));
      change(batch, of -> of.concurrency(3));
      assertThat(change(batch, of -> of.concurrency(3)))
          .isEqualTo(new Controlled.Done(BatchState.QUEUED));
      rename(batch, "other");
      assertThat(revision(batch)).isEqualTo(1);
    }

    @Test
    void noneOfManyChangesAtOnceIsLost() throws Exception {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10));
      int threads = 4;
      int each = 25;
      int all = threads * each;
      try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          running.add(
              pool.submit(
                  () -> {
                    for (int n = 0; n < each; n++) {
                      change(batch, of -> of.weight(weightOf(of) + 1));
                      // Whoever claims meanwhile reads the terms on another connection.
                      for (ClaimedShard shard : claimAll(store.queue(), 1)) {
                        store.queue().giveBack(List.of(new GivenBack(shard.lease(), null)));
                      }
                    }
                  }));
        }
        for (Future<?> one : running) {
          one.get(30, TimeUnit.SECONDS);
        }
      }
      assertThat(read(batch).options().weight()).isEqualTo(1 + all);
      assertThat(revision(batch)).isEqualTo(all);
      assertThat(claimAll(store.queue(), 1).getFirst().terms().options().weight())
          .isEqualTo(1 + all);
    }

    private static int weightOf(BatchOptions.Builder options) {
      return options.build().weight();
    }

    @Test
    void aChangeThatThrowsChangesNothing() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 10));
      assertThatThrownBy(() -> change(batch, of -> of.concurrency(0)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> change(batch, of -> of.timeout(Duration.ofSeconds(1))))
          .isInstanceOf(IllegalStateException.class);
      assertThat(read(batch).options()).isEqualTo(BatchOptions.DEFAULT);
      assertThat(revision(batch)).isZero();
    }

    @Test
    void anOpenAndAPausedBatchCanBeChanged() {
      BatchRef open = begin(store.writer(), open(null));
      assertThat(change(open, of -> of.concurrency(2)))
          .isEqualTo(new Controlled.Done(BatchState.OPEN));
      BatchRef paused = sealed(store.writer(), shard(ALPHA, 0, 10));
      store.board().pause(paused.id(), BY_TEST);
      assertThat(change(paused, of -> of.concurrency(2)))
          .isEqualTo(new Controlled.Done(BatchState.PAUSED));
      assertThat(read(paused).options().concurrency()).isEqualTo(2);
    }

    @Test
    void onlyNameAndMetadataChangeOnceNothingIsSentAnyMore() {
      BatchRef done = sealed(store.writer(), shard(ALPHA, 0, 4));
      settle(all(claim(ALPHA, 4).getFirst(), OutcomeState.SUCCEEDED, clock.instant()));
      store.housekeeping().finish(List.of(done.id()));
      BatchRef cancelled = sealed(store.writer(), shard(ALPHA, 0, 4));
      store.board().cancel(cancelled.id(), BY_TEST);
      for (BatchRef batch : List.of(done, cancelled)) {
        BatchState state = read(batch).state();
        assertThat(change(batch, of -> of.concurrency(2)))
            .isEqualTo(new Controlled.InvalidState(state));
        assertThat(change(batch, of -> of)).isEqualTo(new Controlled.Done(state));
        assertThat(rename(batch, "later")).isEqualTo(new Controlled.Done(state));
        assertThat(read(batch).name()).isEqualTo("later");
        assertThat(read(batch).metadata()).containsExactly(Map.entry("by", "later"));
        assertThat(revision(batch)).isZero();
      }
    }

    @Test
    void aDeadlineHoldsWhereItWasMovedTo() {
      Instant first = clock.instant().plusSeconds(60);
      BatchRef batch = sealed(store.writer(), deadline(first), shard(ALPHA, 0, 4));
      change(batch, of -> of.deadline(first.plusSeconds(60)));
      clock.advance(Duration.ofSeconds(60));
      assertThat(store.housekeeping().expireBatches(10)).isZero();
      assertThat(store.housekeeping().nextDue()).isEqualTo(first.plusSeconds(60));
      change(batch, of -> of.deadline(first.plusSeconds(1)));
      clock.advance(Duration.ofSeconds(1));
      assertThat(store.housekeeping().expireBatches(10)).isEqualTo(1);
      assertThat(change(batch, of -> of.deadline(null)))
          .as("closed, though its last item has not ended")
          .isEqualTo(new Controlled.InvalidState(BatchState.QUEUED));
    }

    @Test
    void aChangedHaltRuleJudgesFromTheNextOutcomeOn() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 100));
      ClaimedShard shard = claim(ALPHA, 100).getFirst();
      assertThat(settle(failed(shard, 0, 1, 2, 3)).halted()).isEmpty();
      change(batch, of -> of.haltOn(new HaltOn(0.5, 5, 0, HaltOn.Action.PAUSE)));
      assertThat(settle(failed(shard, 4)).halted())
          .containsExactly(new ShardQueue.Halt(batch, HaltRule.FAILURE_RATIO));
      assertThat(read(batch).state()).isEqualTo(BatchState.PAUSED);
    }

    @Test
    void aChangedWeightHoldsFromTheNextClaimOn() {
      NewShard[] shards = {shard(ALPHA, 0, 10), shard(ALPHA, 10, 10), shard(ALPHA, 20, 10)};
      BatchRef light = sealed(store.writer(), shards);
      BatchRef heavy = sealed(store.writer(), shards);
      change(heavy, of -> of.weight(100));
      assertThat(claim(ALPHA, 40))
          .extracting(shard -> shard.terms().batch())
          .containsExactly(light, heavy, heavy, heavy);
    }
  }

  @Nested
  class Reading {

    @Test
    void hidesTheBatchesOfOtherTenants() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 1));
      assertThat(store.reader().batch("other", batch.publicId())).isEmpty();
      assertThat(
              store.reader().batches(new BatchFilter("other", Set.of(), null, Map.of()), null, 10))
          .isEmpty();
      assertThat(store.reader().itemsById("other", "id-0", 10)).isEmpty();
    }

    @Test
    void listsBatchesNewestFirst() {
      List<BatchRef> made = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        clock.advance(Duration.ofMillis(2));
        made.addFirst(sealed(store.writer(), shard(ALPHA, 0, 1)));
      }
      BatchFilter any = new BatchFilter(Tenants.DEFAULT, Set.of(), "name", Map.of("team", "blue"));
      List<BatchRecord> page = store.reader().batches(any, null, 3);
      assertThat(page).extracting(BatchRecord::ref).isEqualTo(made.subList(0, 3));
      assertThat(store.reader().batches(any, page.getLast().ref().id(), 3))
          .extracting(BatchRecord::ref)
          .isEqualTo(made.subList(3, 5));
      assertThat(made).extracting(BatchRef::publicId).isSortedAccordingTo((a, b) -> b.compareTo(a));
      for (BatchFilter none :
          List.of(
              new BatchFilter(Tenants.DEFAULT, Set.of(BatchState.PAUSED), null, Map.of()),
              new BatchFilter(Tenants.DEFAULT, Set.of(), "other", Map.of()),
              new BatchFilter(Tenants.DEFAULT, Set.of(), null, Map.of("team", "red")))) {
        assertThat(store.reader().batches(none, null, 3)).isEmpty();
      }
    }

    @Test
    void findsItemsByIndexAndLabel() {
      BatchRef older = sealed(store.writer(), shard(ALPHA, 0, 200, 2), shard(BETA, 1, 200, 2));
      BatchRef newer = sealed(store.writer(), shard(ALPHA, 0, 100));

      ItemRecord item = store.reader().item(older, 7).orElseThrow();
      assertThat(item.destination()).isEqualTo(BETA);
      assertThat(item.input()).isEqualTo(StoreFixture.item(7));
      assertThat(item.outcome()).isNull();
      assertThat(store.reader().item(older, 400)).isEmpty();
      assertThat(store.reader().itemsById(Tenants.DEFAULT, "id-7", 10))
          .extracting(ItemRecord::batch)
          .containsExactly(newer, older);
      assertThat(store.reader().itemsById(Tenants.DEFAULT, "nobody", 10)).isEmpty();
    }

    @Test
    void listsItemsInIndexOrderAcrossShards() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 200, 2), shard(BETA, 1, 200, 2));
      List<Long> indexes = new ArrayList<>();
      List<ItemRecord> page = store.reader().items(batch, ItemFilter.ALL, 0, 150);
      while (!page.isEmpty()) {
        page.forEach(item -> indexes.add(item.index()));
        page = store.reader().items(batch, ItemFilter.ALL, page.getLast().index() + 1, 150);
      }
      assertThat(indexes).hasSize(400).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void filtersItems() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 5), shard(BETA, 5, 5));
      ClaimedShard alpha = claim(ALPHA, 5).getFirst();
      settle(
          some(
              alpha.lease(),
              outcome(1, OutcomeState.SUCCEEDED, clock.instant()),
              outcome(3, OutcomeState.FAILED, clock.instant())));

      assertThat(indexes(batch, filter(Set.of(OutcomeState.FAILED), false, null, null, null)))
          .containsExactly(3L);
      assertThat(indexes(batch, filter(Set.of(OutcomeState.FAILED), true, null, null, null)))
          .containsExactly(0L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
      assertThat(indexes(batch, filter(Set.of(), true, null, null, ALPHA.key())))
          .containsExactly(0L, 2L, 4L);
      assertThat(indexes(batch, filter(Set.of(), false, 500, null, null))).containsExactly(3L);
      assertThat(indexes(batch, filter(Set.of(), false, null, "http_status", null)))
          .containsExactly(3L);
      assertThat(
              indexes(batch, new ItemFilter("id-6", Set.of(), false, null, null, null, Set.of())))
          .containsExactly(6L);
      assertThat(
              indexes(
                  batch,
                  new ItemFilter(null, Set.of(), false, null, null, null, Set.of(8L, 2L, 99L))))
          .containsExactly(2L, 8L);
    }

    /** Groups of any size and order, of interleaved shards, some told twice. */
    @Test
    void whateverItemsEndWithIsReadAsItWasWritten() {
      Random random = new Random(11);
      BatchRef batch =
          sealed(
              store.writer(),
              shard(ALPHA, 0, 150, 2),
              shard(BETA, 1, 150, 2),
              shard(ALPHA, 300, 9));
      Map<Long, Outcome> written = new TreeMap<>();
      Map<Lease, List<Outcome>> left = new LinkedHashMap<>();
      for (ClaimedShard shard : claimAll(store.queue(), 1000)) {
        ShardDecoder items = shard.items();
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < items.itemCount(); i++) {
          outcomes.add(anyOutcome(items.index(i), random));
        }
        outcomes.forEach(outcome -> written.put(outcome.index(), outcome));
        Collections.shuffle(outcomes, random);
        left.put(shard.lease(), outcomes);
      }
      while (!left.isEmpty()) {
        List<Settlement> group = new ArrayList<>();
        left.forEach(
            (lease, outcomes) -> {
              int count = Math.min(outcomes.size(), random.nextInt(60));
              List<Outcome> some = outcomes.subList(0, count);
              group.add(new Settlement(lease, List.copyOf(some), List.of()));
              some.clear();
            });
        for (int times = random.nextInt(3) == 0 ? 2 : 1; times > 0; times--) {
          assertThat(store.queue().settle(group).fenced()).isEmpty();
        }
        left.values().removeIf(List::isEmpty);
      }

      assertThat(allResults(batch))
          .extracting(ResultRecord::outcome)
          .containsExactlyInAnyOrderElementsOf(written.values());
      assertThat(allResults(batch))
          .isSortedAccordingTo(Comparator.comparingLong(ResultRecord::seq));
      for (ItemFilter filter :
          List.of(
              filter(Set.of(OutcomeState.SUCCEEDED), false, null, null, null),
              filter(Set.of(OutcomeState.FAILED, OutcomeState.IN_DOUBT), false, null, null, null),
              filter(Set.of(), false, 503, null, null),
              filter(Set.of(), false, null, "code-2", null),
              filter(Set.of(OutcomeState.EXPIRED), false, null, "code-1", BETA.key()))) {
        List<Outcome> expected =
            written.values().stream().filter(outcome -> isIn(filter, outcome)).toList();
        assertThat(expected).isNotEmpty();
        assertThat(store.reader().items(batch, filter, 0, 1000))
            .extracting(ItemRecord::outcome)
            .containsExactlyElementsOf(expected);
        List<Outcome> found = new ArrayList<>();
        ResultPage page = store.reader().results(batch, filter, 0, 5, false);
        page.results().forEach(result -> found.add(result.outcome()));
        while (!page.end()) {
          page = store.reader().results(batch, filter, page.lastSeq(), 5, false);
          page.results().forEach(result -> found.add(result.outcome()));
        }
        assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
      }
    }

    private static boolean isIn(ItemFilter filter, Outcome outcome) {
      ItemError error = outcome.error();
      return (filter.states().isEmpty() || filter.states().contains(outcome.state()))
          && (filter.statusCode() == null || filter.statusCode() == outcome.statusCode())
          && (filter.errorCode() == null
              || (error != null && filter.errorCode().equals(error.code())))
          && (filter.destination() == null || (outcome.index() < 300 && outcome.index() % 2 == 1));
    }

    private Outcome anyOutcome(long index, Random random) {
      OutcomeState[] states = OutcomeState.values();
      OutcomeState state =
          random.nextBoolean() ? OutcomeState.SUCCEEDED : states[random.nextInt(states.length)];
      boolean succeeded = state == OutcomeState.SUCCEEDED;
      int[] statuses = {0, 200, 201, 404, 503};
      long apart = random.nextInt(20) == 0 ? Duration.ofDays(40).toMillis() : random.nextInt(5000);
      return new Outcome(
          index,
          random.nextInt(4) == 0 ? null : "id-" + index,
          state,
          statuses[random.nextInt(statuses.length)],
          1 + random.nextInt(3),
          random.nextInt(100_000),
          Instant.ofEpochMilli(clock.instant().toEpochMilli() - apart),
          succeeded ? null : new ItemError("code-" + random.nextInt(3), "Über\0" + index),
          random.nextInt(5) == 0
              ? new CapturedResponse(
                  List.of(new Header("X-N", Long.toString(index))), new byte[] {1, 2, 3}, false)
              : null);
    }

    private List<Long> indexes(BatchRef batch, ItemFilter filter) {
      return store.reader().items(batch, filter, 0, 100).stream().map(ItemRecord::index).toList();
    }

    private ItemFilter filter(
        Set<OutcomeState> states, boolean pending, Integer status, String code, String key) {
      return new ItemFilter(null, states, pending, status, code, key, Set.of());
    }

    @Test
    void streamsResultsInCommitOrderWhileRunning() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 4), shard(BETA, 4, 4));
      ClaimedShard beta = claim(BETA, 4).getFirst();
      settle(all(beta, OutcomeState.FAILED, clock.instant()));
      ResultPage first = store.reader().results(batch, ItemFilter.ALL, 0, 100, true);
      assertThat(first.end()).isTrue();
      assertThat(first.results())
          .extracting(r -> r.outcome().index())
          .containsExactly(4L, 5L, 6L, 7L);
      assertThat(first.results().getFirst().input()).isEqualTo(StoreFixture.item(4));
      assertThat(first.results().getFirst().destination()).isEqualTo(BETA);

      ClaimedShard alpha = claim(ALPHA, 4).getFirst();
      settle(some(alpha.lease(), outcome(2, OutcomeState.SUCCEEDED, clock.instant())));
      store.queue().giveBack(List.of(new GivenBack(alpha.lease(), null)));
      store.board().cancel(batch.id(), BY_TEST);
      store.housekeeping().closeShards(100);

      ResultPage rest = store.reader().results(batch, ItemFilter.ALL, first.lastSeq(), 100, false);
      assertThat(rest.results())
          .extracting(r -> r.outcome().index())
          .containsExactly(2L, 0L, 1L, 3L);
      assertThat(rest.results()).extracting(ResultRecord::seq).isSorted();
      assertThat(rest.results().getFirst().input()).isNull();
      assertThat(rest.end()).isTrue();
    }

    @Test
    void filtersResults() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 200), shard(BETA, 200, 200));
      settle(all(claim(ALPHA, 200).getFirst(), OutcomeState.SUCCEEDED, clock.instant()));
      ClaimedShard beta = claim(BETA, 200).getFirst();
      settle(some(beta.lease(), outcome(250, OutcomeState.FAILED, clock.instant())));

      for (ItemFilter one :
          List.of(
              filter(Set.of(OutcomeState.FAILED), false, null, null, null),
              filter(Set.of(), false, 500, null, null),
              filter(Set.of(), false, null, "http_status", null),
              filter(Set.of(), false, null, null, BETA.key()),
              new ItemFilter("id-250", Set.of(), false, null, null, null, Set.of()),
              new ItemFilter(null, Set.of(), false, null, null, null, Set.of(250L, 251L)))) {
        ResultPage page = store.reader().results(batch, one, 0, 100, false);
        assertThat(page.results()).extracting(r -> r.outcome().index()).containsExactly(250L);
        assertThat(page.end()).isTrue();
      }
      assertThat(
              store
                  .reader()
                  .results(
                      batch,
                      filter(Set.of(), false, null, null, "https:no.example:443"),
                      0,
                      9,
                      false)
                  .results())
          .isEmpty();
    }

    @Test
    void groupsFailures() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 5), shard(BETA, 5, 2));
      settle(all(claim(ALPHA, 5).getFirst(), OutcomeState.FAILED, clock.instant()));
      settle(all(claim(BETA, 5).getFirst(), OutcomeState.FAILED, clock.instant()));
      assertThat(store.reader().failures(batch, 10))
          .containsExactly(
              new FailureGroup(
                  OutcomeState.FAILED,
                  500,
                  "http_status",
                  ALPHA.key(),
                  5,
                  0,
                  "The destination answered 500."),
              new FailureGroup(
                  OutcomeState.FAILED,
                  500,
                  "http_status",
                  BETA.key(),
                  2,
                  5,
                  "The destination answered 500."));
    }
  }

  @Nested
  class Retaining {

    @Test
    void removesPayloadsThenRowsThenBatches() {
      BatchRef batch = sealed(store.writer(), shard(ALPHA, 0, 4, 2), shard(BETA, 1, 4, 2));
      settle(all(claim(ALPHA, 4).getFirst(), OutcomeState.SUCCEEDED, clock.instant()));
      store.board().cancel(batch.id(), BY_TEST);
      store.housekeeping().closeShards(100);
      Housekeeping housekeeping = store.housekeeping();
      assertThat(housekeeping.dropPayloads(clock.instant(), 100)).isZero();
      clock.advance(Duration.ofDays(8));

      repeat(() -> housekeeping.dropPayloads(clock.instant(), 3));

      assertThat(read(batch).payloadsDropped()).isTrue();
      assertThat(read(batch).counts()).isEqualTo(new Counts(8, 0, 4, 0, 0, 4, 0, 0));
      ItemRecord cancelled = store.reader().item(batch, 3).orElseThrow();
      assertThat(cancelled.input()).isNull();
      assertThat(cancelled.clientId()).isEqualTo("id-3");
      assertThat(cancelled.outcome().state()).isEqualTo(OutcomeState.CANCELLED);
      assertThat(store.reader().itemsById(Tenants.DEFAULT, "id-2", 5)).hasSize(1);
      assertThat(allResults(batch)).hasSize(8);

      repeat(() -> housekeeping.dropRows(clock.instant(), 3));
      assertThat(store.reader().items(batch, ItemFilter.ALL, 0, 10)).isEmpty();
      assertThat(read(batch).counts().total()).isEqualTo(8);

      repeat(() -> housekeeping.dropBatches(clock.instant(), 3));
      assertThat(store.reader().batch(Tenants.DEFAULT, batch.publicId())).isEmpty();
    }

    private void repeat(java.util.function.IntSupplier step) {
      int steps = 0;
      while (step.getAsInt() > 0) {
        steps++;
        assertThat(steps).isLessThan(100);
      }
      assertThat(steps).isPositive();
    }
  }

  @Test
  void isHealthy() {
    store.health().check();
  }

  private static DestinationSettings oneMore(DestinationSettings settings) {
    Concurrency now = settings.concurrency();
    return new DestinationSettings(
        null, Concurrency.fixed(now == null || now.max() == null ? 1 : now.max() + 1), null);
  }
}
