package dev.sluice.store;

/**
 * What a tenant has in the store that is not finished.
 *
 * @param batches batches that have not ended, open ones included
 * @param items their items without outcome
 * @param bytes bytes of their submissions
 */
public record TenantUsage(long batches, long items, long bytes) {}
