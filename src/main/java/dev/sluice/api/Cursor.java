package dev.sluice.api;

import java.nio.ByteBuffer;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Keyset cursors, opaque to clients: base64url of a version, the kind of list and the key of the
 * last row seen. A cursor of another list is refused.
 */
public enum Cursor {
  /** Batches, newest first. */
  BATCHES('b'),
  /** Items in index order. */
  ITEMS('i'),
  /** Destinations in id order. */
  DESTINATIONS('d'),
  /** The audit record, newest first. */
  AUDIT('a');

  private static final byte VERSION = 1;
  private static final int BYTES = 1 + 1 + Long.BYTES;

  private final byte kind;

  Cursor(char kind) {
    this.kind = (byte) kind;
  }

  /** Gives the cursor that continues after a key. */
  public String after(long key) {
    byte[] bytes = ByteBuffer.allocate(BYTES).put(VERSION).put(kind).putLong(key).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * Gives the key of a cursor; null when there is no cursor.
   *
   * @throws ApiProblem 400 {@code invalid_cursor} when it is none of this list
   */
  public @Nullable Long key(@Nullable String cursor) {
    if (cursor == null) {
      return null;
    }
    ByteBuffer bytes;
    try {
      bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(cursor));
    } catch (IllegalArgumentException _) {
      throw invalid();
    }
    if (bytes.remaining() != BYTES || bytes.get() != VERSION || bytes.get() != kind) {
      throw invalid();
    }
    long key = bytes.getLong();
    if (key < 0) {
      throw invalid();
    }
    return key;
  }

  private static ApiProblem invalid() {
    return new ApiProblem(
        400, "invalid_cursor", "The cursor is none that this list gave; begin without one");
  }
}
