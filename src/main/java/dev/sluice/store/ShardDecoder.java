package dev.sluice.store;

import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.OutboundRequest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads the items of a shard one by one, in any order, by any number of threads. The layout is told
 * at {@link ShardEncoder}.
 */
public final class ShardDecoder {

  private static final int KNOWN_FLAGS = ShardEncoder.COMPRESSED | ShardEncoder.HOLDS_SEALED;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  /** From {@code firstIndex} on; where it was not compressed, behind the header. */
  private final byte[] content;

  private final long firstIndex;
  private final int[] offsets;
  private final List<Header> firstHeaders;

  private ShardDecoder(byte[] content, long firstIndex, int[] offsets) {
    this.content = content;
    this.firstIndex = firstIndex;
    this.offsets = offsets;
    this.firstHeaders =
        offsets.length == 0 ? List.of() : readItem(0, List.of()).request().headers();
  }

  /**
   * Opens a payload after checking magic, version and checksum. A payload that is not compressed is
   * kept, so it must not change.
   *
   * @throws StoreException {@code CORRUPT} when a check fails
   */
  public static ShardDecoder open(byte[] payload) {
    if (payload.length < ShardEncoder.HEADER_BYTES
        || (int) INT.get(payload, 0) != ShardEncoder.MAGIC) {
      throw corrupt("Shard payload does not begin with its magic");
    }
    int flags = payload[ShardEncoder.FLAGS_OFFSET];
    if (payload[4] != ShardEncoder.VERSION || (flags & ~KNOWN_FLAGS) != 0) {
      throw corrupt(
          "Shard payload has format version %d and flags %d, expected version %d and flags 0 to %d"
              .formatted(payload[4], flags, ShardEncoder.VERSION, KNOWN_FLAGS));
    }
    if ((int) INT.get(payload, ShardEncoder.CRC_OFFSET) != checksum(payload)) {
      throw corrupt("Shard payload fails its checksum");
    }
    boolean compressed = (flags & ShardEncoder.COMPRESSED) != 0;
    byte[] content = compressed ? decompressed(payload) : payload;
    try {
      return index(content, compressed ? 0 : ShardEncoder.HEADER_BYTES, itemCount(payload));
    } catch (IndexOutOfBoundsException | IllegalArgumentException | NegativeArraySizeException e) {
      // The checksum agrees: another version wrote what this one does not know.
      throw new StoreException(
          StoreException.Kind.CORRUPT, "Shard payload holds what cannot be read", e);
    }
  }

  /** Finds where items begin. */
  private static ShardDecoder index(byte[] content, int from, int itemCount) {
    Cursor cursor = new Cursor(content, from);
    long firstIndex = cursor.varint();
    int[] offsets = new int[itemCount];
    for (int i = 0; i < offsets.length; i++) {
      int length = (int) cursor.varint();
      offsets[i] = cursor.position;
      cursor.position =
          Objects.checkFromIndexSize(cursor.position, length, content.length) + length;
    }
    return new ShardDecoder(content, firstIndex, offsets);
  }

  private static byte[] decompressed(byte[] payload) {
    int block = ShardEncoder.HEADER_BYTES + ShardEncoder.LENGTH_BYTES;
    if (payload.length < block) {
      throw corrupt("Shard payload ends before its body");
    }
    return ShardCompression.decompress(
        payload, block, (int) INT.get(payload, ShardEncoder.HEADER_BYTES));
  }

  private static int itemCount(byte[] payload) {
    int high = payload[ShardEncoder.COUNT_OFFSET] & 0xff;
    int low = payload[ShardEncoder.COUNT_OFFSET + 1] & 0xff;
    return (high << 8) | low;
  }

  /** Gives the items in the shard. */
  public int itemCount() {
    return offsets.length;
  }

  /** Gives the bytes kept in memory. */
  public int byteCount() {
    return content.length;
  }

  /** Gives the smallest index. */
  public long firstIndex() {
    return firstIndex;
  }

  /** Gives the index of the item at {@code ordinal}, 0-based. */
  public long index(int ordinal) {
    return firstIndex + new Cursor(content, offsets[ordinal] + 3).varint();
  }

  /** Gives the ordinal of the item with {@code index}, or -1. */
  public int ordinal(long index) {
    int low = 0;
    int high = offsets.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long at = index(middle);
      if (at == index) {
        return middle;
      }
      if (at < index) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /**
   * Gives the item at {@code ordinal}, 0-based. Items with equal headers share one list, so callers
   * may cache what they derive from it.
   */
  public Item item(int ordinal) {
    return readItem(ordinal, firstHeaders);
  }

  private Item readItem(int ordinal, List<Header> sharedHeaders) {
    Cursor cursor = new Cursor(content, offsets[ordinal]);
    int flags = cursor.octet();
    int method = cursor.octet();
    BodyKind bodyKind = BodyKind.of(cursor.octet());
    long index = firstIndex + cursor.varint();
    String methodName = method == 0 ? cursor.string() : ShardEncoder.METHODS.get(method);
    String id = (flags & ShardEncoder.HAS_ID) != 0 ? cursor.string() : null;
    String target = cursor.string();
    List<Header> headers =
        (flags & ShardEncoder.SAME_HEADERS) != 0 ? sharedHeaders : cursor.headers(flags);
    String orderingKey = (flags & ShardEncoder.HAS_ORDERING_KEY) != 0 ? cursor.string() : null;
    String credential = (flags & ShardEncoder.HAS_CREDENTIAL) != 0 ? cursor.string() : null;
    Origin origin =
        (flags & ShardEncoder.HAS_ORIGIN) != 0
            ? new Origin(cursor.string(), cursor.varint())
            : null;
    byte[] body = cursor.bytes();
    return new Item(
        index,
        id,
        new OutboundRequest(methodName, target, headers, bodyKind, body),
        orderingKey,
        credential,
        origin);
  }

  /** Gives the client's label of the item at {@code ordinal}. */
  public @Nullable String id(int ordinal) {
    Cursor cursor = new Cursor(content, offsets[ordinal]);
    int flags = cursor.octet();
    if ((flags & ShardEncoder.HAS_ID) == 0) {
      return null;
    }
    int method = cursor.octet();
    cursor.octet();
    cursor.varint();
    if (method == 0) {
      cursor.skipBytes();
    }
    return cursor.string();
  }

  static int checksum(byte[] payload) {
    CRC32C crc = new CRC32C();
    crc.update(payload, 0, ShardEncoder.CRC_OFFSET);
    crc.update(payload, ShardEncoder.HEADER_BYTES, payload.length - ShardEncoder.HEADER_BYTES);
    return (int) crc.getValue();
  }

  private static StoreException corrupt(String message) {
    return new StoreException(StoreException.Kind.CORRUPT, message);
  }

  /** A reading position in the payload. */
  private static final class Cursor {
    private final byte[] bytes;
    private int position;

    Cursor(byte[] bytes, int position) {
      this.bytes = bytes;
      this.position = position;
    }

    int octet() {
      return bytes[position++] & 0xff;
    }

    long varint() {
      long value = 0;
      int shift = 0;
      while (true) {
        byte next = bytes[position++];
        value |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return value;
        }
        shift += 7;
      }
    }

    String string() {
      int length = (int) varint();
      String value = new String(bytes, position, length, StandardCharsets.UTF_8);
      position += length;
      return value;
    }

    byte[] bytes() {
      int length = (int) varint();
      byte[] value = Arrays.copyOfRange(bytes, position, position + length);
      position += length;
      return value;
    }

    void skipBytes() {
      int length = (int) varint();
      position += length;
    }

    List<Header> headers(int flags) {
      boolean marked = (flags & ShardEncoder.HAS_SEALED) != 0;
      int count = (int) varint();
      List<Header> headers = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        headers.add(new Header(string(), string(), marked && octet() != 0));
      }
      return headers;
    }
  }
}
