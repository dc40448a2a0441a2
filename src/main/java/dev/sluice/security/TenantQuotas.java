package dev.sluice.security;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Quotas;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.TenantUsage;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Holds tenants to their quotas: what the store says they have, at most a second old, and what this
 * process is taking in for them beside it. Replicas do not see each other's submissions before they
 * are stored, so a tenant that submits to several at once may exceed its quota by what those hold.
 */
final class TenantQuotas implements Quotas {

  private static final long FRESH = 1_000_000_000L;
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final Function<String, TenantUsage> store;
  private final Function<String, QuotaProperties> quotas;
  private final ProcessClock clock;
  private final Map<String, Account> accounts = new ConcurrentHashMap<>();

  /**
   * @param store gives what a tenant has; blocking
   * @param quotas gives the bounds of a tenant
   */
  TenantQuotas(
      Function<String, TenantUsage> store,
      Function<String, QuotaProperties> quotas,
      ProcessClock clock) {
    this.store = store;
    this.quotas = quotas;
    this.clock = clock;
  }

  @Override
  public Allowance begin(String tenant, boolean newBatch) {
    Account account = accounts.computeIfAbsent(tenant, Account::new);
    account.begin(newBatch);
    return new Submission(account, newBatch);
  }

  /** One submission on its way. One thread. */
  private static final class Submission implements Allowance {
    private final Account account;
    private final int batches;
    private long items;
    private long bytes;
    private boolean kept;
    private boolean closed;

    Submission(Account account, boolean newBatch) {
      this.account = account;
      this.batches = newBatch ? 1 : 0;
    }

    @Override
    public void take(long moreItems, long moreBytes) {
      account.take(this, moreItems, moreBytes);
    }

    @Override
    public void kept() {
      kept = true;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        account.end(this);
      }
    }
  }

  /**
   * A tenant. Its lock guards the fields and is held while the store is asked: the tenant's other
   * submissions wait for the same answer. Invariant: {@code comingItems} and {@code comingBytes}
   * are the sums over its submissions that have begun and not ended.
   */
  private final class Account {
    private final String tenant;
    private final QuotaProperties quota;
    private long second;
    private int begun;
    private long comingBatches;
    private long comingItems;
    private long comingBytes;
    private @Nullable TenantUsage stored;
    private long storedAt;

    Account(String tenant) {
      this.tenant = tenant;
      this.quota = quotas.apply(tenant);
      this.second = clock.nanoTime();
    }

    synchronized void begin(boolean newBatch) {
      long now = clock.nanoTime();
      if (now - second >= FRESH) {
        second = now;
        begun = 0;
      }
      if (quota.submissionsPerSecond() > 0 && begun >= quota.submissionsPerSecond()) {
        throw exceeded("submissions in a second", quota.submissionsPerSecond())
            .retryAfter(Duration.ofSeconds(1));
      }
      TenantUsage has = stored();
      if (newBatch) {
        require(has.batches() + comingBatches, quota.batches(), "unfinished batches");
      }
      require(has.items() + comingItems, quota.items(), "pending items");
      require(has.bytes() + comingBytes, quota.bytes().toBytes(), "bytes of unfinished batches");
      begun++;
      comingBatches += newBatch ? 1 : 0;
    }

    synchronized void take(Submission submission, long items, long bytes) {
      submission.items += items;
      submission.bytes += bytes;
      comingItems += items;
      comingBytes += bytes;
      fits(submission.items, quota.items(), "items");
      fits(submission.bytes, quota.bytes().toBytes(), "bytes");
      TenantUsage has = stored();
      require(has.items() + comingItems - 1, quota.items(), "pending items");
      require(
          has.bytes() + comingBytes - 1, quota.bytes().toBytes(), "bytes of unfinished batches");
    }

    synchronized void end(Submission submission) {
      comingBatches -= submission.batches;
      comingItems -= submission.items;
      comingBytes -= submission.bytes;
      TenantUsage known = stored;
      if (known != null && submission.kept) {
        stored =
            new TenantUsage(
                known.batches() + submission.batches,
                known.items() + submission.items,
                known.bytes() + submission.bytes);
      }
    }

    private TenantUsage stored() {
      TenantUsage known = stored;
      if (known == null || clock.nanoTime() - storedAt >= FRESH) {
        known =
            quota.batches() == 0 && quota.items() == 0 && quota.bytes().toBytes() == 0
                ? new TenantUsage(0, 0, 0)
                : store.apply(tenant);
        storedAt = clock.nanoTime();
        stored = known;
      }
      return known;
    }

    private void require(long has, long most, String what) {
      if (most > 0 && has >= most) {
        throw exceeded(what, most).retryAfter(RETRY);
      }
    }

    private static void fits(long wants, long most, String what) {
      if (most > 0 && wants > most) {
        throw new ApiProblem(
            413, "quota_too_small", "The tenant may have at most " + most + " " + what + " at all");
      }
    }

    private static ApiProblem exceeded(String what, long most) {
      return new ApiProblem(
          429, "quota_exceeded", "The tenant may have at most " + most + " " + what);
    }
  }
}
