package dev.sluice.api;

import dev.sluice.model.Destination;
import dev.sluice.model.Outcome;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Settlement;
import dev.sluice.store.StoreException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullUnmarked;
import org.springframework.beans.factory.config.BeanPostProcessor;

/** The real store with what dispatch and retention would do to it, and faults on command. */
@NullUnmarked
public final class TestStore {

  private static final int ALL = 1_000_000;

  private final BatchReader reader;
  private final BatchWriter writer;
  private final ShardQueue queue;
  private final ControlBoard board;
  private final Housekeeping housekeeping;
  private final ProcessClock clock;
  private final Faults faults;

  TestStore(
      BatchReader reader,
      BatchWriter writer,
      ShardQueue queue,
      ControlBoard board,
      Housekeeping housekeeping,
      ProcessClock clock,
      Faults faults) {
    this.reader = reader;
    this.writer = writer;
    this.queue = queue;
    this.board = board;
    this.housekeeping = housekeeping;
    this.clock = clock;
    this.faults = faults;
  }

  public BatchReader reader() {
    return reader;
  }

  public BatchWriter writer() {
    return writer;
  }

  /** Makes every call of the HTTP side's roles fail so; null ends it. */
  public void failWith(StoreException.Kind kind) {
    faults.kind.set(kind);
  }

  /** Ends items, as dispatch would, in the order given. */
  public void settle(BatchRef batch, Collection<Outcome> outcomes) {
    while (housekeeping.followBatchStates(ALL) > 0) {}
    List<ClaimRequest> requests =
        queue.ready(0, ALL).stream()
            .map(ready -> new ClaimRequest(ready.id(), ALL, Long.MAX_VALUE, Set.of()))
            .toList();
    List<Settlement> settlements = new ArrayList<>();
    List<GivenBack> back = new ArrayList<>();
    int found = 0;
    for (ClaimedShard shard : queue.claim(requests)) {
      List<Outcome> mine = new ArrayList<>();
      if (shard.lease().batchId() == batch.id()) {
        Set<Long> indexes = indexes(shard);
        outcomes.stream().filter(o -> indexes.contains(o.index())).forEach(mine::add);
      }
      int before = shard.progress() == null ? 0 : shard.progress().settled().cardinality();
      if (!mine.isEmpty()) {
        settlements.add(new Settlement(shard.lease(), mine, List.of()));
        found += mine.size();
      }
      if (before + mine.size() < shard.itemCount()) {
        back.add(new GivenBack(shard.lease(), null));
      }
    }
    if (found != outcomes.size()) {
      throw new IllegalStateException("Found " + found + " of " + outcomes.size() + " items");
    }
    queue.settle(settlements);
    queue.giveBack(back);
    housekeeping.finish(List.of(batch.id()));
  }

  private static Set<Long> indexes(ClaimedShard shard) {
    ShardDecoder items = shard.items();
    Set<Long> indexes = new HashSet<>();
    for (int i = 0; i < items.itemCount(); i++) {
      indexes.add(items.index(i));
    }
    return indexes;
  }

  /** Publishes what a flow does, as its lane would. */
  public void publishFlow(BatchRef batch, Destination to, String waitingOn, double rate) {
    long id = reader.destination(to.key()).orElseThrow().id();
    board.publish(
        new ControlBoard.Snapshot(
            clock.instant(),
            List.of(),
            List.of(new FlowSnapshot(batch.id(), id, 1, waitingOn, 3, null, rate))));
  }

  /** Drops the inputs of all finished batches, as retention would. */
  public void dropPayloads() {
    while (housekeeping.dropPayloads(clock.instant().plus(Duration.ofDays(1)), ALL) > 0) {}
  }

  /** Lets the roles that the HTTP side uses fail. */
  static final class Faults implements BeanPostProcessor {

    private final AtomicReference<StoreException.Kind> kind = new AtomicReference<>();

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      Class<?> role =
          bean instanceof BatchReader
              ? BatchReader.class
              : bean instanceof BatchWriter
                  ? BatchWriter.class
                  : bean instanceof ControlBoard ? ControlBoard.class : null;
      if (role == null) {
        return bean;
      }
      return Proxy.newProxyInstance(
          role.getClassLoader(),
          new Class<?>[] {role},
          (_, method, arguments) -> {
            StoreException.Kind fault = kind.get();
            if (fault != null) {
              throw new StoreException(fault, "on command");
            }
            try {
              return method.invoke(bean, arguments);
            } catch (InvocationTargetException e) {
              throw e.getCause();
            }
          });
    }
  }
}
