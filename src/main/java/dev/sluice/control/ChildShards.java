package dev.sluice.control;

import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardEncoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Groups the items of a child batch by destination into shards and appends them to its upload.
 * Everything unfinished is written out when it reaches 16 MiB or 256 destinations. One thread.
 */
final class ChildShards {

  private static final int MAX_BUFFERED_BYTES = 16 << 20;
  private static final int MAX_OPEN_SHARDS = 256;

  private final BatchWriter writer;
  private final long uploadId;
  private final Map<Destination, Open> open = new LinkedHashMap<>();
  private int bufferedBytes;
  private long byteCount;

  ChildShards(BatchWriter writer, long uploadId) {
    this.writer = writer;
    this.uploadId = uploadId;
  }

  /** A shard that is being filled. */
  private record Open(ShardEncoder encoder, List<String> ids) {

    boolean takes(long index, int bytes) {
      return encoder.itemCount() < NewShard.MAX_ITEMS
          && encoder.byteCount() + bytes <= NewShard.MAX_BYTES
          && index - encoder.firstIndex() < NewShard.MAX_SPAN;
    }
  }

  /** Adds an item; indexes ascend. */
  void add(Destination destination, Item item) {
    int body = item.request().body().length;
    Open shard = open.get(destination);
    if (shard != null && !shard.takes(item.index(), body)) {
      writer.append(uploadId, List.of(finish(destination, shard)));
      open.remove(destination);
      shard = null;
    }
    if (shard == null) {
      if (open.size() >= MAX_OPEN_SHARDS) {
        flush();
      }
      shard = new Open(new ShardEncoder(item.index()), new ArrayList<>());
      open.put(destination, shard);
    }
    int before = shard.encoder.byteCount();
    shard.encoder.add(item);
    addId(shard, item.id());
    int added = shard.encoder.byteCount() - before;
    bufferedBytes += added;
    byteCount += added;
    if (bufferedBytes >= MAX_BUFFERED_BYTES) {
      flush();
    }
  }

  private static void addId(Open shard, @Nullable String id) {
    if (id != null) {
      shard.ids.add(id);
    }
  }

  /** Appends all that is unfinished; also tells the store that the upload lives. */
  void flush() {
    List<NewShard> shards = new ArrayList<>();
    open.forEach((destination, shard) -> shards.add(finish(destination, shard)));
    open.clear();
    bufferedBytes = 0;
    writer.append(uploadId, shards);
  }

  private NewShard finish(Destination destination, Open shard) {
    ShardEncoder encoder = shard.encoder;
    bufferedBytes -= encoder.byteCount();
    return NewShard.of(destination, encoder, shard.ids);
  }

  /** Gives the encoded bytes so far. */
  long byteCount() {
    return byteCount;
  }
}
