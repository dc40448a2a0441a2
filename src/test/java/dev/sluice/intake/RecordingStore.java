package dev.sluice.intake;

import dev.sluice.model.BatchState;
import dev.sluice.model.Counts;
import dev.sluice.model.Item;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.FailureGroup;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ItemRecord;
import dev.sluice.store.NewBatch;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The intake side of a store, in memory: keeps the laws of {@link BatchWriter}, remembers what came
 * of each upload, and can be told to fail. Any thread.
 */
final class RecordingStore implements BatchWriter, BatchReader {

  /** A batch with its committed chunks. */
  static final class Batch {
    final BatchRef ref;
    final NewBatch submitted;
    final List<Chunk> chunks = new ArrayList<>();
    BatchState state = BatchState.OPEN;
    byte[] fingerprint;
    Upload running;

    Batch(BatchRef ref, NewBatch submitted) {
      this.ref = ref;
      this.submitted = submitted;
      this.fingerprint = submitted.fingerprint();
    }

    long total() {
      return chunks.stream().mapToLong(chunk -> chunk.summary.itemCount()).sum();
    }

    boolean isReceiving() {
      return !submitted.open() && state == BatchState.OPEN;
    }

    /** Gives all committed items in index order. */
    List<Item> items() {
      List<Item> items = new ArrayList<>();
      for (Chunk chunk : chunks) {
        for (NewShard shard : chunk.shards) {
          ShardDecoder decoder = ShardDecoder.open(shard.payload());
          for (int i = 0; i < decoder.itemCount(); i++) {
            items.add(decoder.item(i));
          }
        }
      }
      items.sort(Comparator.comparingLong(Item::index));
      return items;
    }
  }

  /** A committed upload. */
  record Chunk(String key, long firstIndex, List<NewShard> shards, UploadSummary summary) {}

  /** A running upload. */
  static final class Upload {
    final Batch batch;
    final String key;
    final List<NewShard> shards = new ArrayList<>();

    Upload(Batch batch, String key) {
      this.batch = batch;
      this.key = key;
    }
  }

  private final Map<Long, Batch> batches = new LinkedHashMap<>();
  private final Map<Long, Upload> uploads = new HashMap<>();
  private long nextId = 1;
  private StoreException failure;
  private CountDownLatch appendGate;
  private final List<CountDownLatch> abandonWaits = new ArrayList<>();

  /** Lets appends fail from now on; null lets them work again. */
  synchronized void failAppends(StoreException how) {
    failure = how;
  }

  /** Gives a latch that opens with the next abandoned upload. */
  synchronized CountDownLatch nextAbandon() {
    CountDownLatch latch = new CountDownLatch(1);
    abandonWaits.add(latch);
    return latch;
  }

  /** Lets appends wait for a latch. */
  synchronized void gateAppends(CountDownLatch gate) {
    appendGate = gate;
  }

  synchronized List<Batch> all() {
    return List.copyOf(batches.values());
  }

  synchronized Batch find(String publicId) {
    return batches.values().stream()
        .filter(batch -> batch.ref.publicId().equals(publicId))
        .findFirst()
        .orElseThrow();
  }

  synchronized int runningUploads() {
    return uploads.size();
  }

  @Override
  public synchronized Begun begin(NewBatch batch) {
    if (batch.idempotencyKey() != null) {
      for (Batch known : batches.values()) {
        if (batch.idempotencyKey().equals(known.submitted.idempotencyKey())) {
          boolean receiving = known.isReceiving();
          return new Begun.Existing(known.ref, receiving, receiving ? null : known.fingerprint);
        }
      }
    }
    BatchRef ref = new BatchRef(nextId, "bat_" + nextId++);
    batches.put(ref.id(), new Batch(ref, batch));
    return new Begun.Created(ref);
  }

  @Override
  public synchronized boolean isTaken(String tenant, String idempotencyKey) {
    return batches.values().stream()
        .anyMatch(known -> idempotencyKey.equals(known.submitted.idempotencyKey()));
  }

  @Override
  public synchronized BegunUpload beginUpload(NewBatch batch) {
    return switch (begin(batch)) {
      case Begun.Existing existing -> new BegunUpload.Taken(existing);
      case Begun.Created(BatchRef ref) ->
          new BegunUpload.Opened(
              ref, ((UploadOpening.Opened) openUpload(ref.id(), null, null)).uploadId());
    };
  }

  @Override
  public synchronized Begun submit(NewBatch batch, List<NewShard> shards, UploadSummary summary) {
    if (failure != null) {
      throw failure;
    }
    Begun begun = begin(batch);
    if (begun instanceof Begun.Created(BatchRef ref)) {
      long id = ((UploadOpening.Opened) openUpload(ref.id(), null, null)).uploadId();
      uploads.get(id).shards.addAll(shards);
      commitAndSeal(id, List.of(), summary);
    }
    return begun;
  }

  @Override
  public synchronized UploadOpening openUpload(long batchId, Long offset, String key) {
    Batch batch = batches.get(batchId);
    for (Chunk chunk : batch.chunks) {
      boolean sameKey = key != null && key.equals(chunk.key);
      if (sameKey || (offset != null && offset == chunk.firstIndex)) {
        UploadSummary summary = chunk.summary;
        return new UploadOpening.Earlier(summary.fingerprint(), summary.itemCount(), batch.total());
      }
    }
    if (batch.state != BatchState.OPEN) {
      return new UploadOpening.InvalidState(batch.state);
    }
    if (batch.running != null) {
      return new UploadOpening.InProgress();
    }
    if (offset != null && offset != batch.total()) {
      return offset > batch.total()
          ? new UploadOpening.Gap(batch.total())
          : new UploadOpening.Misaligned(batch.total());
    }
    Upload upload = new Upload(batch, key);
    batch.running = upload;
    long id = nextId++;
    uploads.put(id, upload);
    return new UploadOpening.Opened(id, batch.total());
  }

  @Override
  public void append(long uploadId, List<NewShard> shards) {
    CountDownLatch gate;
    synchronized (this) {
      gate = appendGate;
    }
    await(gate);
    synchronized (this) {
      if (failure != null) {
        throw failure;
      }
      running(uploadId).shards.addAll(shards);
    }
  }

  private static void await(CountDownLatch gate) {
    try {
      if (gate != null && !gate.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("The gate never opened");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Upload running(long uploadId) {
    Upload upload = uploads.get(uploadId);
    if (upload == null) {
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "The upload is gone");
    }
    return upload;
  }

  @Override
  public synchronized long commit(long uploadId, UploadSummary summary) {
    Upload upload = running(uploadId);
    int stored = upload.shards.stream().mapToInt(NewShard::itemCount).sum();
    if (stored != summary.itemCount()) {
      throw new IllegalStateException(stored + " stored, " + summary.itemCount() + " committed");
    }
    Batch batch = upload.batch;
    batch.chunks.add(new Chunk(upload.key, batch.total(), upload.shards, summary));
    batch.running = null;
    uploads.remove(uploadId);
    return batch.total();
  }

  @Override
  public void commitAndSeal(long uploadId, List<NewShard> last, UploadSummary summary) {
    if (!last.isEmpty()) {
      append(uploadId, last);
    }
    synchronized (this) {
      Batch batch = running(uploadId).batch;
      commit(uploadId, summary);
      batch.state = BatchState.QUEUED;
      batch.fingerprint = summary.fingerprint();
    }
  }

  @Override
  public synchronized void abandon(long uploadId) {
    Upload upload = uploads.remove(uploadId);
    if (upload != null) {
      upload.batch.running = null;
      if (!upload.batch.submitted.open()) {
        batches.remove(upload.batch.ref.id());
      }
    }
    abandonWaits.forEach(CountDownLatch::countDown);
    abandonWaits.clear();
  }

  @Override
  public synchronized SealResult seal(long batchId, Long expectedItems) {
    Batch batch = batches.get(batchId);
    if (batch.running != null) {
      return new SealResult.UploadInProgress();
    }
    if (batch.state != BatchState.OPEN && batch.state != BatchState.QUEUED) {
      return new SealResult.InvalidState(batch.state);
    }
    if (expectedItems != null && expectedItems != batch.total()) {
      return new SealResult.CountMismatch(batch.total());
    }
    batch.state = BatchState.QUEUED;
    return new SealResult.Sealed(batch.total());
  }

  @Override
  public void markRedriven(long uploadId, long parentId, List<Long> indexes) {
    throw new UnsupportedOperationException();
  }

  /** Moves a batch to a state, as if someone had asked for it. */
  synchronized void enter(String publicId, BatchState state) {
    find(publicId).state = state;
  }

  @Override
  public synchronized Optional<BatchRecord> batch(String tenant, String publicId) {
    return batches.values().stream()
        .filter(batch -> batch.ref.publicId().equals(publicId) && !batch.isReceiving())
        .findFirst()
        .map(RecordingStore::record);
  }

  private static BatchRecord record(Batch batch) {
    return new BatchRecord(
        batch.ref,
        batch.submitted.tenant(),
        batch.submitted.name(),
        batch.submitted.metadata(),
        batch.submitted.options(),
        batch.submitted.template(),
        batch.state,
        null,
        new Counts(batch.total(), 0, 0, 0, 0, 0, 0, 0),
        0,
        new BatchRecord.Times(Instant.EPOCH, null, null, null, null, null, null),
        null,
        false,
        null);
  }

  @Override
  public List<FlowState> flows(BatchRef batch, int limit) {
    return List.of();
  }

  @Override
  public List<BatchRecord> batches(BatchFilter filter, Long beforeId, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Backlog backlog(Instant stalledSince) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<ItemRecord> item(BatchRef batch, long index) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<ItemRecord> items(BatchRef batch, ItemFilter filter, long fromIndex, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<ItemRecord> itemsById(String tenant, String clientId, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ResultPage results(
      BatchRef batch, ItemFilter filter, long afterSeq, int limit, boolean includeInput) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<FailureGroup> failures(BatchRef batch, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<DestinationRecord> destinations(long afterId, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<DestinationRecord> destination(String key) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<Long> redriven(BatchRef parent, Set<Long> indexes) {
    throw new UnsupportedOperationException();
  }
}
