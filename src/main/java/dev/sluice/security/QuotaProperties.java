package dev.sluice.security;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Most of what a tenant may have that is not finished. 0 stands for no bound.
 *
 * @param batches batches that have not ended, open ones included
 * @param items items without outcome
 * @param bytes bytes of the submissions of those batches
 * @param submissionsPerSecond submissions, chunks and redrives begun in a second, at each replica
 */
record QuotaProperties(
    @DefaultValue("10000") long batches,
    @DefaultValue("100000000") long items,
    @DefaultValue("200GB") DataSize bytes,
    @DefaultValue("0") int submissionsPerSecond) {

  QuotaProperties {
    if (batches < 0 || items < 0 || bytes.isNegative() || submissionsPerSecond < 0) {
      throw new IllegalArgumentException(
          "sluice.security.quota takes no negative numbers; 0 stands for no bound");
    }
  }
}
