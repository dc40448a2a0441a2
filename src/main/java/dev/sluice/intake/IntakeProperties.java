package dev.sluice.intake;

import dev.sluice.model.Item;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Limits of submissions. A larger value lets clients send more in one go; each bounds memory, disk
 * or the time of one connection.
 *
 * @param maxBody most bytes of one request body, both as sent and after decompression; also most
 *     encoded bytes, before compression, that one request may store, so a template cannot multiply
 *     a small body without bound; 1 KiB or more
 * @param maxItem most bytes of one NDJSON line or one element of {@code items}; 1 KiB to 64 MiB
 * @param maxItems most items of a batch; 1 to 10,000,000
 * @param buffer bytes of unfinished shards kept in memory by all uploads together; the largest are
 *     written out early when it is full, so raise it when many destinations make small shards; 1
 *     MiB or more
 * @param maxUploads uploads at the same time; one more answers 429 {@code too_many_uploads}; 1 or
 *     more
 * @param slowAfter a body that takes longer must come at {@code minRate}; a positive duration
 * @param minRate least bytes per second of a body that takes longer than {@code slowAfter}, as a
 *     mean since its beginning; 0 turns it off
 */
@ConfigurationProperties(prefix = "sluice.intake", ignoreUnknownFields = false)
record IntakeProperties(
    @DefaultValue("2GB") DataSize maxBody,
    @DefaultValue("1MB") DataSize maxItem,
    @DefaultValue("10000000") int maxItems,
    @DefaultValue("64MB") DataSize buffer,
    @DefaultValue("64") int maxUploads,
    @DefaultValue("60s") Duration slowAfter,
    @DefaultValue("1KB") DataSize minRate) {

  IntakeProperties {
    require(maxBody.toBytes() >= 1024, "sluice.intake.max-body must be at least 1KB");
    require(
        maxItem.toBytes() >= 1024 && maxItem.toMegabytes() <= 64,
        "sluice.intake.max-item must be 1KB..64MB");
    require(
        maxItems >= 1 && maxItems <= Item.MAX_COUNT, "sluice.intake.max-items must be 1..10000000");
    require(buffer.toMegabytes() >= 1, "sluice.intake.buffer must be at least 1MB");
    require(maxUploads >= 1, "sluice.intake.max-uploads must be at least 1");
    require(slowAfter.isPositive(), "sluice.intake.slow-after must be positive");
    require(!minRate.isNegative(), "sluice.intake.min-rate must not be negative");
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw new IllegalArgumentException(sentence);
    }
  }
}
