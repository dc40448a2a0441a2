package dev.sluice.intake;

import dev.sluice.api.Quotas;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.ProcessClock;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What every upload uses.
 *
 * @param quotas what tenants may bring
 * @param secrets seals what items bring of them
 * @param executor runs one append of an upload beside its parsing
 */
record UploadResources(
    IntakeProperties limits,
    ProcessClock clock,
    Quotas quotas,
    ItemSecrets secrets,
    UploadSlots slots,
    ExecutorService executor)
    implements AutoCloseable {

  /** Gives resources with virtual threads of their own. */
  static UploadResources of(
      IntakeProperties limits, ProcessClock clock, Quotas quotas, ItemSecrets secrets) {
    return new UploadResources(
        limits,
        clock,
        quotas,
        secrets,
        new UploadSlots(limits),
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("intake-append-", 0).factory()));
  }

  /** Waits for running appends. */
  @Override
  public void close() {
    executor.close();
  }
}
