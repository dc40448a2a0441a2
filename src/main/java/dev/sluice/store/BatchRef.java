package dev.sluice.store;

/**
 * Names a batch.
 *
 * @param id internal key
 * @param publicId {@code bat_…}, what clients see
 */
public record BatchRef(long id, String publicId) {}
