package dev.sluice.store.jdbc;

import dev.sluice.model.Sha256;
import dev.sluice.store.AuditEntry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The chain of audit entries: SHA-256 of the hash before and of every value, each with its length
 * before it, so that no two entries read the same.
 */
final class AuditChain {

  private AuditChain() {}

  /**
   * Gives the hash of an entry.
   *
   * @param before hash of the entry before it, in hex; empty for the first
   */
  static String hash(String before, long replica, long seq, AuditEntry entry) {
    MessageDigest digest = Sha256.digest();
    add(digest, before);
    add(digest, Long.toString(replica));
    add(digest, Long.toString(seq));
    add(digest, Long.toString(entry.at().toEpochMilli()));
    add(digest, entry.caller());
    add(digest, entry.tenant());
    add(digest, entry.action());
    add(digest, entry.object() == null ? "" : entry.object());
    add(digest, Integer.toString(entry.status()));
    add(digest, entry.requestId());
    add(digest, entry.source());
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void add(MessageDigest digest, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    digest.update(bytes);
  }
}
