package dev.sluice.api;

import dev.sluice.model.BatchState;
import dev.sluice.model.Counts;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.StateReason;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.FailureGroup;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ItemRecord;
import dev.sluice.store.LaneSnapshot;
import dev.sluice.store.NewBatch;
import dev.sluice.store.NewShard;
import dev.sluice.store.ResultRecord;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;

/**
 * The store's roles in memory, for the laws that the HTTP side relies on, with faults on command.
 * Every method is synchronized.
 */
@NullUnmarked
public final class MemoryStore implements BatchWriter, BatchReader, ControlBoard {

  private final ProcessClock clock = ProcessClock.system();
  private final Map<Long, B> batches = new TreeMap<>();
  private final Map<Long, U> uploads = new HashMap<>();
  private final Map<String, D> destinations = new HashMap<>();
  private long ids;
  private StoreException.Kind fault;

  private static final class B {
    BatchRef ref;
    NewBatch of;
    BatchState state = BatchState.OPEN;
    BatchState before = BatchState.QUEUED;
    StateReason reason;
    boolean sealed;
    boolean payloadsDropped;
    byte[] fingerprint;
    Instant createdAt;
    Instant finishedAt;
    Instant pausedAt;
    final Map<Long, I> items = new TreeMap<>();
    final List<Outcome> outcomes = new ArrayList<>();
    final Set<Long> redriven = new HashSet<>();
    final List<FlowSnapshot> flows = new ArrayList<>();
  }

  private record I(Destination destination, Item item) {}

  private static final class U {
    B batch;
    final Map<Long, I> items = new TreeMap<>();
    final Map<Long, List<Long>> marks = new HashMap<>();
  }

  private static final class D {
    long id;
    Destination destination;
    DestinationSettings settings = DestinationSettings.DEFAULT;
    DestinationRecord.Pause pause;
    LaneSnapshot lane;

    DestinationRecord asRecord() {
      return new DestinationRecord(id, destination, settings, pause, null, null, lane);
    }
  }

  /** Makes every call fail so; null ends it. */
  public synchronized void failWith(StoreException.Kind kind) {
    fault = kind;
  }

  private void check() {
    if (fault != null) {
      throw new StoreException(fault, "on command");
    }
  }

  private D at(Destination destination) {
    return destinations.computeIfAbsent(
        destination.key(),
        _ -> {
          D made = new D();
          made.id = ++ids;
          made.destination = destination;
          return made;
        });
  }

  /** Ends items, as dispatch would. */
  public synchronized void settle(BatchRef ref, Collection<Outcome> outcomes) {
    B batch = batches.get(ref.id());
    batch.state = BatchState.RUNNING;
    batch.outcomes.addAll(outcomes);
    if (batch.outcomes.size() == batch.items.size()) {
      batch.state = BatchState.COMPLETED;
      batch.finishedAt = clock.instant();
    }
  }

  /** Publishes what a flow does. */
  public synchronized void publishFlow(
      BatchRef ref, Destination to, String waitingOn, double rate) {
    B batch = batches.get(ref.id());
    batch.state = BatchState.RUNNING;
    batch.flows.add(new FlowSnapshot(ref.id(), at(to).id, 1, waitingOn, 3, null, rate));
  }

  /** Drops the inputs of a batch, as retention would. */
  public synchronized void dropPayloads(BatchRef ref) {
    batches.get(ref.id()).payloadsDropped = true;
  }

  @Override
  public synchronized Begun begin(NewBatch batch) {
    check();
    if (batch.idempotencyKey() != null) {
      for (B known : batches.values()) {
        if (batch.idempotencyKey().equals(known.of.idempotencyKey())) {
          return new Begun.Existing(known.ref, !known.sealed, known.fingerprint);
        }
      }
    }
    B made = new B();
    made.ref = new BatchRef(++ids, "bat_" + ids);
    made.of = batch;
    made.createdAt = clock.instant();
    batches.put(made.ref.id(), made);
    return new Begun.Created(made.ref);
  }

  @Override
  public synchronized UploadOpening openUpload(long batchId, Long offset, String idempotencyKey) {
    check();
    U upload = new U();
    upload.batch = batches.get(batchId);
    uploads.put(++ids, upload);
    return new UploadOpening.Opened(ids, upload.batch.items.size());
  }

  @Override
  public synchronized void append(long uploadId, List<NewShard> shards) {
    check();
    for (NewShard shard : shards) {
      ShardDecoder decoder = ShardDecoder.open(shard.payload());
      for (int i = 0; i < decoder.itemCount(); i++) {
        uploads
            .get(uploadId)
            .items
            .put(decoder.index(i), new I(shard.destination(), decoder.item(i)));
      }
      at(shard.destination());
    }
  }

  @Override
  public synchronized long commit(long uploadId, UploadSummary summary) {
    U upload = uploads.remove(uploadId);
    upload.batch.items.putAll(upload.items);
    return upload.batch.items.size();
  }

  @Override
  public synchronized void commitAndSeal(long uploadId, UploadSummary summary) {
    check();
    U upload = uploads.remove(uploadId);
    if (summary.itemCount() != upload.items.size()) {
      throw new IllegalStateException("Counted " + summary.itemCount());
    }
    upload.marks.forEach((parent, indexes) -> batches.get(parent).redriven.addAll(indexes));
    upload.batch.items.putAll(upload.items);
    upload.batch.fingerprint = summary.fingerprint();
    upload.batch.sealed = true;
    upload.batch.state = BatchState.QUEUED;
  }

  @Override
  public synchronized void abandon(long uploadId) {
    U upload = uploads.remove(uploadId);
    if (upload != null && !upload.batch.of.open()) {
      batches.remove(upload.batch.ref.id());
    }
  }

  @Override
  public synchronized SealResult seal(long batchId, Long expectedItems) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized void markRedriven(long uploadId, long parentId, List<Long> indexes) {
    uploads.get(uploadId).marks.computeIfAbsent(parentId, _ -> new ArrayList<>()).addAll(indexes);
  }

  private BatchRecord asRecord(B batch) {
    Map<OutcomeState, Long> by = new EnumMap<>(OutcomeState.class);
    batch.outcomes.forEach(outcome -> by.merge(outcome.state(), 1L, Long::sum));
    Instant last = batch.outcomes.isEmpty() ? null : batch.outcomes.getLast().finishedAt();
    return new BatchRecord(
        batch.ref,
        batch.of.tenant(),
        batch.of.name(),
        batch.of.metadata(),
        batch.of.options(),
        null,
        batch.state,
        batch.reason,
        new Counts(
            batch.items.size(),
            0,
            by.getOrDefault(OutcomeState.SUCCEEDED, 0L),
            by.getOrDefault(OutcomeState.FAILED, 0L),
            by.getOrDefault(OutcomeState.EXPIRED, 0L),
            by.getOrDefault(OutcomeState.CANCELLED, 0L),
            by.getOrDefault(OutcomeState.REJECTED, 0L),
            by.getOrDefault(OutcomeState.IN_DOUBT, 0L)),
        batch.outcomes.size(),
        new BatchRecord.Times(
            batch.createdAt, batch.createdAt, null, batch.pausedAt, null, batch.finishedAt, last),
        batch.of.parentId() == null ? null : batches.get(batch.of.parentId()).ref.publicId(),
        batch.payloadsDropped);
  }

  private Stream<B> visible() {
    return batches.values().stream().filter(batch -> batch.sealed || batch.of.open());
  }

  @Override
  public synchronized Optional<BatchRecord> batch(String tenant, String publicId) {
    check();
    return visible()
        .filter(batch -> batch.of.tenant().equals(tenant))
        .filter(batch -> batch.ref.publicId().equals(publicId))
        .map(this::asRecord)
        .findFirst();
  }

  @Override
  public synchronized List<BatchRecord> batches(BatchFilter filter, Long beforeId, int limit) {
    check();
    return visible()
        .filter(batch -> beforeId == null || batch.ref.id() < beforeId)
        .filter(batch -> filter.states().isEmpty() || filter.states().contains(batch.state))
        .filter(batch -> filter.name() == null || filter.name().equals(batch.of.name()))
        .filter(batch -> batch.of.metadata().entrySet().containsAll(filter.metadata().entrySet()))
        .sorted(Comparator.comparingLong((B batch) -> batch.ref.id()).reversed())
        .limit(limit)
        .map(this::asRecord)
        .toList();
  }

  private static ItemRecord item(B batch, I entry) {
    Outcome outcome =
        batch.outcomes.stream()
            .filter(o -> o.index() == entry.item.index())
            .findFirst()
            .orElse(null);
    return new ItemRecord(
        batch.ref,
        entry.item.index(),
        entry.item.id(),
        entry.destination,
        batch.payloadsDropped ? null : entry.item,
        outcome,
        List.of());
  }

  private static boolean matches(ItemFilter f, I entry, Outcome outcome) {
    boolean anyState = f.states().isEmpty() && !f.pending();
    boolean stateMatches =
        anyState || (outcome == null ? f.pending() : f.states().contains(outcome.state()));
    return stateMatches
        && (f.clientId() == null || f.clientId().equals(entry.item.id()))
        && (f.statusCode() == null || (outcome != null && outcome.statusCode() == f.statusCode()))
        && (f.errorCode() == null
            || (outcome != null
                && outcome.error() != null
                && outcome.error().code().equals(f.errorCode())))
        && (f.destination() == null || f.destination().equals(entry.destination.key()))
        && (f.indexes().isEmpty() || f.indexes().contains(entry.item.index()));
  }

  @Override
  public synchronized Optional<ItemRecord> item(BatchRef ref, long index) {
    B batch = batches.get(ref.id());
    return Optional.ofNullable(batch.items.get(index)).map(entry -> item(batch, entry));
  }

  @Override
  public synchronized List<ItemRecord> items(
      BatchRef ref, ItemFilter filter, long fromIndex, int limit) {
    B batch = batches.get(ref.id());
    return batch.items.values().stream()
        .filter(entry -> entry.item.index() >= fromIndex)
        .filter(entry -> matches(filter, entry, item(batch, entry).outcome()))
        .limit(limit)
        .map(entry -> item(batch, entry))
        .toList();
  }

  @Override
  public synchronized List<ItemRecord> itemsById(String tenant, String clientId, int limit) {
    return visible()
        .flatMap(batch -> batch.items.values().stream().map(entry -> item(batch, entry)))
        .filter(item -> clientId.equals(item.clientId()))
        .limit(limit)
        .toList();
  }

  @Override
  public synchronized ResultPage results(
      BatchRef ref, ItemFilter filter, long afterSeq, int limit, boolean includeInput) {
    check();
    B batch = batches.get(ref.id());
    // Pages by position, not by match: a page may well be shorter than asked for.
    List<ResultRecord> page = new ArrayList<>();
    int seq = (int) afterSeq;
    int until = Math.min(batch.outcomes.size(), seq + limit);
    for (; seq < until; seq++) {
      Outcome outcome = batch.outcomes.get(seq);
      I entry = batch.items.get(outcome.index());
      if (matches(filter, entry, outcome)) {
        Item input = includeInput && !batch.payloadsDropped ? entry.item : null;
        page.add(new ResultRecord(seq + 1L, entry.destination, outcome, input));
      }
    }
    return new ResultPage(page, seq, seq == batch.outcomes.size());
  }

  @Override
  public synchronized List<FailureGroup> failures(BatchRef ref, int limit) {
    Map<List<Object>, FailureGroup> groups = new HashMap<>();
    B batch = batches.get(ref.id());
    for (Outcome o : batch.outcomes) {
      if (o.state() != OutcomeState.SUCCEEDED) {
        String key = batch.items.get(o.index()).destination.key();
        String code = o.error() == null ? null : o.error().code();
        FailureGroup one =
            new FailureGroup(
                o.state(),
                o.statusCode(),
                code,
                key,
                1,
                o.index(),
                o.error() == null ? null : o.error().message());
        groups.merge(
            List.of(o.state(), o.statusCode(), Objects.toString(code), key),
            one,
            (a, b) ->
                new FailureGroup(
                    a.state(),
                    a.statusCode(),
                    a.errorCode(),
                    a.destination(),
                    a.count() + 1,
                    a.sampleIndex(),
                    a.sampleMessage()));
      }
    }
    return groups.values().stream()
        .sorted(Comparator.comparingLong(FailureGroup::count).reversed())
        .limit(limit)
        .toList();
  }

  @Override
  public synchronized List<FlowState> flows(BatchRef ref, int limit) {
    return batches.get(ref.id()).flows.stream()
        .map(
            flow ->
                new FlowState(
                    flow,
                    destinations.values().stream()
                        .filter(d -> d.id == flow.destinationId())
                        .findFirst()
                        .orElseThrow()
                        .asRecord()))
        .toList();
  }

  @Override
  public synchronized List<DestinationRecord> destinations(long afterId, int limit) {
    check();
    return destinations.values().stream()
        .filter(d -> d.id > afterId)
        .sorted(Comparator.comparingLong(d -> d.id))
        .limit(limit)
        .map(D::asRecord)
        .toList();
  }

  @Override
  public synchronized Optional<DestinationRecord> destination(String key) {
    return Optional.ofNullable(destinations.get(key)).map(D::asRecord);
  }

  @Override
  public synchronized Set<Long> redriven(BatchRef parent, Set<Long> indexes) {
    Set<Long> known = new HashSet<>(batches.get(parent.id()).redriven);
    known.retainAll(indexes);
    return known;
  }

  @Override
  public synchronized Controlled pause(long batchId, StateReason reason) {
    B batch = batches.get(batchId);
    if (batch.state.isTerminal() || batch.state == BatchState.CANCELLING) {
      return new Controlled.InvalidState(batch.state);
    }
    if (batch.state != BatchState.PAUSED) {
      batch.before = batch.state;
      batch.state = BatchState.PAUSED;
      batch.pausedAt = clock.instant();
      batch.reason = reason;
    }
    return new Controlled.Done(batch.state);
  }

  @Override
  public synchronized Controlled resume(long batchId, StateReason reason) {
    B batch = batches.get(batchId);
    if (batch.state.isTerminal() || batch.state == BatchState.CANCELLING) {
      return new Controlled.InvalidState(batch.state);
    }
    if (batch.state == BatchState.PAUSED) {
      batch.state = batch.before;
      batch.reason = reason;
    }
    return new Controlled.Done(batch.state);
  }

  @Override
  public synchronized Controlled cancel(long batchId, StateReason reason) {
    B batch = batches.get(batchId);
    if (batch.state == BatchState.COMPLETED || batch.state == BatchState.EXPIRED) {
      return new Controlled.InvalidState(batch.state);
    }
    batch.state = BatchState.CANCELLING;
    batch.reason = reason;
    return new Controlled.Done(batch.state);
  }

  @Override
  public synchronized DestinationRecord update(
      Destination destination, DestinationSettings settings) {
    check();
    at(destination).settings = settings;
    return at(destination).asRecord();
  }

  @Override
  public synchronized DestinationRecord pauseDestination(
      Destination destination, Instant until, StateReason reason) {
    at(destination).pause = new DestinationRecord.Pause(clock.instant(), until, reason);
    return at(destination).asRecord();
  }

  @Override
  public synchronized DestinationRecord resumeDestination(Destination destination) {
    at(destination).pause = null;
    return at(destination).asRecord();
  }

  @Override
  public void park(List<Parking> parkings) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized void publish(Snapshot snapshot) {
    for (LaneSnapshot lane : snapshot.lanes()) {
      destinations.values().stream()
          .filter(d -> d.id == lane.destinationId())
          .forEach(d -> d.lane = lane);
    }
  }

  @Override
  public List<BatchControl> batchControls(Collection<Long> batchIds) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<DestinationRecord> destinationControls(Collection<Long> destinationIds) {
    throw new UnsupportedOperationException();
  }
}
