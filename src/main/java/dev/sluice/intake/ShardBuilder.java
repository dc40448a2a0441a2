package dev.sluice.intake;

import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardEncoder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Groups the items of an upload by destination into shards. A shard is finished when it is full by
 * items, bytes or span; when all unfinished ones together pass the cap, the largest are finished
 * until half is free; when even the largest is small, all are. One thread.
 */
final class ShardBuilder implements ItemSink {

  /** An encoder's first buffer, and about what a group costs beside it. */
  private static final int GROUP_BYTES = 8 * 1024 + 256;

  private static final int ITEM_BYTES = 128;
  private static final int WORTHWHILE_ITEMS = 16;

  private final ShardSink sink;
  private final LongSupplier cap;
  private final Map<Destination, Group> groups = new HashMap<>();
  private @Nullable Group last;
  private long heldBytes;

  /**
   * @param cap most bytes held in unfinished shards, asked for as it may change
   */
  ShardBuilder(LongSupplier cap, ShardSink sink) {
    this.cap = cap;
    this.sink = sink;
  }

  /** A shard in the making. */
  private static final class Group {
    final Destination destination;
    final ShardEncoder encoder;
    final List<String> ids = new ArrayList<>(0);

    Group(Destination destination, long firstIndex) {
      this.destination = destination;
      this.encoder = new ShardEncoder(firstIndex);
    }

    long bytes() {
      // Buffers grow by doubling.
      return GROUP_BYTES + 2L * encoder.byteCount() + 64L * ids.size();
    }

    NewShard finish() {
      return NewShard.of(destination, encoder, ids);
    }
  }

  @Override
  public void accept(Destination destination, Item item) {
    Group group = last;
    if (group == null || !group.destination.equals(destination)) {
      group = groups.get(destination);
    }
    if (group != null && !hasRoom(group, item)) {
      finish(group);
      group = null;
    }
    if (group == null) {
      group = new Group(destination, item.index());
      groups.put(destination, group);
      heldBytes += group.bytes();
    }
    last = group;
    add(group, item);
    if (heldBytes > cap.getAsLong()) {
      relieve();
    }
  }

  private void add(Group group, Item item) {
    long before = group.bytes();
    group.encoder.add(item);
    String id = item.id();
    if (id != null) {
      group.ids.add(id);
    }
    heldBytes += group.bytes() - before;
  }

  private static boolean hasRoom(Group group, Item item) {
    return group.encoder.itemCount() < NewShard.MAX_ITEMS
        && item.index() - group.encoder.firstIndex() < NewShard.MAX_SPAN
        && group.encoder.byteCount() + mostBytes(item) <= NewShard.MAX_BYTES;
  }

  /** Gives an upper bound of the encoded size: at most three bytes a character. */
  private static long mostBytes(Item item) {
    OutboundRequest request = item.request();
    long characters = (long) request.target().length() + request.method().length();
    characters += item.id() == null ? 0 : item.id().length();
    for (Header header : request.headers()) {
      characters += 8L + header.name().length() + header.value().length();
    }
    return ITEM_BYTES + 3 * characters + request.body().length;
  }

  /** Finishes all shards. */
  void flush() {
    List.copyOf(groups.values()).forEach(this::finish);
  }

  private void relieve() {
    List<Group> bySize = new ArrayList<>(groups.values());
    bySize.sort(Comparator.comparingLong(Group::bytes).reversed());
    boolean all = bySize.getFirst().encoder.itemCount() < WORTHWHILE_ITEMS;
    long target = cap.getAsLong() / 2;
    for (Group group : bySize) {
      if (!all && heldBytes <= target) {
        return;
      }
      finish(group);
    }
  }

  private void finish(Group group) {
    groups.remove(group.destination);
    heldBytes -= group.bytes();
    if (last == group) {
      last = null;
    }
    sink.accept(group.finish());
  }
}
