package dev.sluice.store;

import java.util.Arrays;
import net.jpountz.lz4.LZ4Exception;
import org.jspecify.annotations.Nullable;

/**
 * What a shard holds as one block of LZ4 (<a
 * href="https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md">format</a>): the requests of a
 * batch repeat each other's words, and every byte goes into a table and a log. By the native
 * library 0.5 µs an item of 300 B there and back; by Java, where that cannot be loaded, 1.6 µs.
 */
final class ShardCompression {

  /** Smaller ones gain little: nothing is repeated yet. */
  private static final int LEAST_BYTES = 1024;

  /** A byte of a block gives at most so many. */
  private static final int MAX_RATIO = 255;

  /** An item has at most 64 MiB, and what is told of it beside its body is bounded, too. */
  private static final int MAX_LENGTH = 128 << 20;

  private ShardCompression() {}

  /**
   * Compresses bytes {@code from} to {@code to}.
   *
   * @param room left free in front of the block
   * @return room and block; null when less than an eighth would be saved
   */
  static byte @Nullable [] compress(byte[] bytes, int from, int to, int room) {
    int length = to - from;
    if (length < LEAST_BYTES) {
      return null;
    }
    byte[] block = new byte[room + length - length / 8];
    try {
      int size = Lz4.COMPRESSOR.compress(bytes, from, length, block, room, block.length - room);
      return Arrays.copyOf(block, room + size);
    } catch (LZ4Exception doesNotFit) {
      return null;
    }
  }

  /**
   * Gives what the block from {@code from} to the end of {@code bytes} holds.
   *
   * @param length bytes that it holds
   * @throws StoreException {@code CORRUPT} when it is no block or holds another number of bytes
   */
  static byte[] decompress(byte[] bytes, int from, int length) {
    long most = Math.min(MAX_LENGTH, (long) MAX_RATIO * (bytes.length - from));
    if (length < 0 || length > most) {
      throw corrupt("Shard payload says it holds %d bytes, which it cannot".formatted(length));
    }
    byte[] plain = new byte[length];
    try {
      if (Lz4.DECOMPRESSOR.decompress(bytes, from, bytes.length - from, plain, 0) != length) {
        throw corrupt("Shard payload does not hold the bytes that it says it holds");
      }
    } catch (LZ4Exception noBlock) {
      throw corrupt("Shard payload cannot be decompressed: " + noBlock.getMessage());
    }
    return plain;
  }

  private static StoreException corrupt(String message) {
    return new StoreException(StoreException.Kind.CORRUPT, message);
  }
}
