package dev.sluice.attempt.auth;

import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * OAuth 2 client credentials: one token for all, fetched once however many attempts wait for it,
 * and again before it is over. Any thread.
 */
final class ClientCredentials implements Scheme {

  /** A token is not used in its last seconds, nor in the last half of a short life. */
  private static final Duration MARGIN = Duration.ofSeconds(30);

  /** Where the server does not say (RFC 6749 §5.1). */
  private static final Duration UNSTATED_LIFE = Duration.ofMinutes(5);

  private static final long AFTER_FAILURE_NANOS = Duration.ofSeconds(1).toNanos();

  /** A destination that refuses every token must not make a token server answer every item. */
  private static final long BETWEEN_RENEWALS_NANOS = Duration.ofSeconds(10).toNanos();

  private final Mono<Grant> server;
  private final LongSupplier nanoTime;
  private final AtomicReference<@Nullable Fetch> latest = new AtomicReference<>();
  private final AtomicLong renewedAt;

  /** What a token server gave. */
  record Grant(String token, @Nullable Duration life) {}

  private final class Fetch {
    final Mono<Grant> result;

    /** When another fetch may follow; null while this one runs. */
    private volatile @Nullable Long overAt;

    private volatile @Nullable String token;

    Fetch() {
      result =
          server
              .doOnNext(this::granted)
              .doOnError(_ -> overAt = nanoTime.getAsLong() + AFTER_FAILURE_NANOS)
              .cache();
    }

    private void granted(Grant grant) {
      Duration life = grant.life() == null ? UNSTATED_LIFE : grant.life();
      Duration half = life.dividedBy(2);
      Duration usable = life.minus(MARGIN);
      token = grant.token();
      overAt = nanoTime.getAsLong() + (usable.compareTo(half) > 0 ? usable : half).toNanos();
    }

    boolean isOver() {
      Long at = overAt;
      return at != null && nanoTime.getAsLong() - at >= 0;
    }
  }

  /**
   * @param server asks for a token at each subscription
   */
  ClientCredentials(Mono<Grant> server, LongSupplier nanoTime) {
    this.server = server;
    this.nanoTime = nanoTime;
    this.renewedAt = new AtomicLong(nanoTime.getAsLong() - BETWEEN_RENEWALS_NANOS);
  }

  @Override
  public Mono<Proof> prove(OutboundRequest request, String key) {
    return Mono.defer(() -> fetch().result)
        .map(
            grant ->
                new Proof(
                    List.of(new Header("Authorization", "Bearer " + grant.token())),
                    List.of(grant.token())));
  }

  private Fetch fetch() {
    while (true) {
      Fetch known = latest.get();
      if (known != null && !known.isOver()) {
        return known;
      }
      Fetch next = new Fetch();
      if (latest.compareAndSet(known, next)) {
        return next;
      }
    }
  }

  @Override
  public boolean renew(Proof refused) {
    Fetch known = latest.get();
    String token = known == null ? null : known.token;
    if (token == null || !refused.secrets().contains(token)) {
      // Somebody else was told first.
      return true;
    }
    long last = renewedAt.get();
    long now = nanoTime.getAsLong();
    if (now - last < BETWEEN_RENEWALS_NANOS || !renewedAt.compareAndSet(last, now)) {
      return false;
    }
    var _ = latest.compareAndSet(known, null);
    return true;
  }
}
