package dev.sluice.store;

import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.OutboundRequest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the items of a shard, one by one, in format version 1. Big-endian; {@code varint} is
 * LEB128; a string is a varint length and UTF-8 bytes.
 *
 * <pre>
 * header  magic "SLSH", version u8, flags u8 (bit 0 compressed, bit 1 holds sealed headers),
 *         reserved u16, item count u16, reserved u16, CRC32C u32 over everything but itself
 * body    varint first index, then per item: varint length, flags u8, method u8, body kind u8,
 *         varint index − first index, [id], target, [headers], [ordering key], [credential], [origin], body bytes
 * </pre>
 *
 * A compressed body is its length as u32 and an LZ4 block, where that is smaller by an eighth.
 *
 * <p>Headers equal to those of the shard's first item are not repeated: with a template that is all
 * of them. Where any is sealed, each is followed by an u8: whether it is one. What is sealed names
 * its key itself. Not thread-safe.
 */
public final class ShardEncoder {

  static final int MAGIC = 0x534c5348;
  static final int VERSION = 1;
  static final int HEADER_BYTES = 16;
  static final int LENGTH_BYTES = 4;
  static final int CRC_OFFSET = 12;
  static final int COUNT_OFFSET = 8;
  static final int FLAGS_OFFSET = 5;
  static final int COMPRESSED = 1;
  static final int HOLDS_SEALED = 2;

  static final int HAS_ID = 1;
  static final int SAME_HEADERS = 2;
  static final int HAS_ORDERING_KEY = 4;
  static final int HAS_CREDENTIAL = 8;
  static final int HAS_ORIGIN = 16;
  static final int HAS_SEALED = 32;

  /**
   * Methods with a number of their own; 0 is followed by the name. Append only: the numbers are
   * stored.
   */
  static final List<String> METHODS =
      List.of("", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private final long firstIndex;
  private byte[] buffer = new byte[8 * 1024];
  private int size = HEADER_BYTES;
  private int itemCount;
  private long lastIndex;
  private @Nullable List<Header> firstHeaders;
  private boolean holdsSealed;

  /** Begins a shard whose smallest index is {@code firstIndex}. */
  public ShardEncoder(long firstIndex) {
    this.firstIndex = firstIndex;
    this.lastIndex = firstIndex;
    writeVarint(firstIndex);
  }

  /** Adds an item; indexes ascend. */
  public void add(Item item) {
    if (item.index() < lastIndex || itemCount >= NewShard.MAX_ITEMS) {
      throw new IllegalStateException(
          "Item " + item.index() + " does not fit this shard, indicates a bug");
    }
    OutboundRequest request = item.request();
    int start = size;
    // The length is patched in afterwards; four bytes hold any shard.
    size += 4;
    ensure(16);
    boolean sameHeaders = firstHeaders != null && firstHeaders.equals(request.headers());
    boolean sealed = !sameHeaders && request.hasSealed();
    int method = METHODS.indexOf(request.method());
    buffer[size++] = (byte) (flags(item, sameHeaders) | (sealed ? HAS_SEALED : 0));
    buffer[size++] = (byte) Math.max(method, 0);
    buffer[size++] = (byte) request.bodyKind().number();
    writeVarint(item.index() - firstIndex);
    if (method < 0) {
      writeString(request.method());
    }
    writeOptional(item.id());
    writeString(request.target());
    if (!sameHeaders) {
      writeHeaders(request.headers(), sealed);
      holdsSealed |= sealed;
    }
    writeOptional(item.orderingKey());
    writeOptional(item.credential());
    Origin origin = item.origin();
    if (origin != null) {
      writeString(origin.batchId());
      writeVarint(origin.index());
    }
    writeBytes(request.body());
    writeFixedVarint(start, size - start - 4);
    if (firstHeaders == null) {
      firstHeaders = request.headers();
    }
    itemCount++;
    lastIndex = item.index();
  }

  private static int flags(Item item, boolean sameHeaders) {
    return (item.id() != null ? HAS_ID : 0)
        | (sameHeaders ? SAME_HEADERS : 0)
        | (item.orderingKey() != null ? HAS_ORDERING_KEY : 0)
        | (item.credential() != null ? HAS_CREDENTIAL : 0)
        | (item.origin() != null ? HAS_ORIGIN : 0);
  }

  /** Gives the smallest index. */
  public long firstIndex() {
    return firstIndex;
  }

  /** Gives the largest index so far. */
  public long lastIndex() {
    return lastIndex;
  }

  /** Gives the items so far. */
  public int itemCount() {
    return itemCount;
  }

  /** Gives the encoded bytes so far, before compression. */
  public int byteCount() {
    return size;
  }

  /** Gives the finished payload; the encoder is spent. */
  public byte[] finish() {
    byte[] compressed =
        ShardCompression.compress(buffer, HEADER_BYTES, size, HEADER_BYTES + LENGTH_BYTES);
    byte[] payload = compressed != null ? compressed : Arrays.copyOf(buffer, size);
    putInt(payload, 0, MAGIC);
    payload[4] = VERSION;
    payload[FLAGS_OFFSET] =
        (byte) ((holdsSealed ? HOLDS_SEALED : 0) | (compressed != null ? COMPRESSED : 0));
    payload[COUNT_OFFSET] = (byte) (itemCount >>> 8);
    payload[COUNT_OFFSET + 1] = (byte) itemCount;
    if (compressed != null) {
      putInt(payload, HEADER_BYTES, size - HEADER_BYTES);
    }
    putInt(payload, CRC_OFFSET, ShardDecoder.checksum(payload));
    return payload;
  }

  private void writeHeaders(List<Header> headers, boolean sealed) {
    writeVarint(headers.size());
    for (Header header : headers) {
      writeString(header.name());
      writeString(header.value());
      if (sealed) {
        ensure(1);
        buffer[size++] = (byte) (header.sealed() ? 1 : 0);
      }
    }
  }

  private void writeOptional(@Nullable String value) {
    if (value != null) {
      writeString(value);
    }
  }

  private void writeString(String value) {
    writeBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  private void writeBytes(byte[] bytes) {
    writeVarint(bytes.length);
    ensure(bytes.length);
    System.arraycopy(bytes, 0, buffer, size, bytes.length);
    size += bytes.length;
  }

  private void writeVarint(long value) {
    ensure(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      buffer[size++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    buffer[size++] = (byte) rest;
  }

  private void writeFixedVarint(int at, int value) {
    buffer[at] = (byte) ((value & 0x7f) | 0x80);
    buffer[at + 1] = (byte) (((value >>> 7) & 0x7f) | 0x80);
    buffer[at + 2] = (byte) (((value >>> 14) & 0x7f) | 0x80);
    buffer[at + 3] = (byte) (value >>> 21);
  }

  private static void putInt(byte[] into, int at, int value) {
    into[at] = (byte) (value >>> 24);
    into[at + 1] = (byte) (value >>> 16);
    into[at + 2] = (byte) (value >>> 8);
    into[at + 3] = (byte) value;
  }

  private void ensure(int more) {
    if (size + more > buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, size + more));
    }
  }
}
