package dev.sluice.store;

/**
 * An entry as it is kept.
 *
 * @param id grows with every entry of any replica, with gaps
 * @param replica the process that appended it
 * @param seq its number among those of that process, from 1 without gaps
 * @param hash SHA-256 of the hash before it and of this entry, in hex
 */
public record AuditRecord(long id, long replica, long seq, AuditEntry entry, String hash) {}
