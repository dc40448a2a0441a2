package dev.sluice.model;

/**
 * The item that a redriven item was first: its idempotency key is kept over every redrive.
 *
 * @param batchId public id of the origin batch
 * @param index index of the item there
 */
public record Origin(String batchId, long index) {}
