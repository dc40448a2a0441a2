package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.model.Verdict;
import dev.sluice.model.Verdict.Failure;
import dev.sluice.model.Verdict.Reply;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Destinations and the way to them. A request may arrive after its sender has died; a sender may
 * hear nothing of what arrived. What destinations saw is remembered by idempotency key.
 */
final class SimulatedNetwork {

  /** What becomes of a request. */
  private enum Fate {
    SUCCESS,
    REFUSAL,
    BROKEN,
    BUSY,
    THROTTLED,
    UNREACHABLE,
    CONNECT_HANGS,
    INTERRUPTED,
    LOST_ON_THE_WAY,
    REPLY_LOST,
    SILENCE
  }

  private static final Fate[] FATES = Fate.values();
  private static final int[] HEALTHY = {20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  private static final List<int[]> WEATHER =
      List.of(
          HEALTHY,
          new int[] {10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
          new int[] {1, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0},
          new int[] {2, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0},
          new int[] {1, 0, 0, 0, 0, 5, 2, 1, 0, 0, 0},
          new int[] {3, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2},
          new int[] {0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 3},
          new int[] {5, 5, 0, 0, 0, 0, 0, 1, 0, 1, 0});

  /** What destinations saw of one item. */
  static final class Seen {
    int count;
    int succeeded;
  }

  private final SimulatedTime time;
  private final Random random;
  private final @Nullable Mutation mutation;
  private final SimulatedTime.Actor air = new SimulatedTime.Actor(new SimulatedTime.Life());
  private final Map<String, Seen> seen = new HashMap<>();
  private final Map<String, int[]> weather = new HashMap<>();
  private final long slowestNanos;
  private boolean calm;

  SimulatedNetwork(SimulatedTime time, Random random, @Nullable Mutation mutation) {
    this.time = time;
    this.random = random;
    this.mutation = mutation;
    this.slowestNanos = TimeUnit.MILLISECONDS.toNanos(1L << random.nextInt(9));
  }

  Seen seen(String key) {
    return seen.computeIfAbsent(key, _ -> new Seen());
  }

  void changeWeather(String destination) {
    weather.put(destination, WEATHER.get(random.nextInt(WEATHER.size())));
  }

  /** Destinations are well from now on. */
  void calm() {
    calm = true;
  }

  private Fate fate(String destination) {
    int[] shares = calm ? HEALTHY : weather.getOrDefault(destination, HEALTHY);
    int all = 0;
    for (int share : shares) {
      all += share;
    }
    int drawn = random.nextInt(all);
    int fate = 0;
    while (drawn >= shares[fate]) {
      drawn -= shares[fate++];
    }
    return FATES[fate];
  }

  private long delay() {
    return 1 + random.nextLong(slowestNanos);
  }

  /** One process's side of the network. */
  final class Sockets {
    private final SimulatedTime.Life life;
    private final SimulatedTime.Actor loops;
    private final BiConsumer<AttemptRequest, Verdict> ended;
    private final Set<Exchange> open = new LinkedHashSet<>();

    /**
     * @param ended hears of verdicts before those who asked for them
     */
    Sockets(
        SimulatedTime.Life life,
        SimulatedTime.Actor loops,
        BiConsumer<AttemptRequest, Verdict> ended) {
      this.life = life;
      this.loops = loops;
      this.ended = ended;
    }

    Mono<Verdict> attempt(AttemptRequest request) {
      Exchange exchange = new Exchange(this, request, fate(request.destination().key()));
      open.add(exchange);
      return exchange.begin();
    }

    /** Ends the exchanges that were cut. */
    void endCut() {
      List.copyOf(open).stream()
          .filter(exchange -> exchange.request.cutter().isCut() && !exchange.mute)
          .forEach(exchange -> exchange.end(exchange.lost("deadline")));
    }

    int openCount() {
      return open.size();
    }
  }

  private final class Exchange {
    private final Sockets sockets;
    private final AttemptRequest request;
    private final Fate fate;
    private final Sinks.One<Verdict> verdict = Sinks.one();
    private final boolean mute;
    private boolean written;

    Exchange(Sockets sockets, AttemptRequest request, Fate fate) {
      this.sockets = sockets;
      this.request = request;
      this.fate = fate;
      this.mute = mutation == Mutation.GIVE_NO_VERDICT && random.nextInt(50) == 0;
    }

    Mono<Verdict> begin() {
      switch (fate) {
        case UNREACHABLE -> endsUnsent(notSent("connect"));
        case INTERRUPTED -> endsUnsent(new Verdict.Interrupted());
        case CONNECT_HANGS -> {
          // Until it is cut.
        }
        default -> time.in(delay(), sockets.loops, this::write);
      }
      return verdict.asMono();
    }

    private void endsUnsent(Verdict how) {
      if (random.nextInt(4) == 0) {
        end(how);
      } else {
        time.in(delay(), sockets.loops, () -> end(how));
      }
    }

    private void write() {
      if (!sockets.open.contains(this)) {
        return;
      }
      written = true;
      request.cutter().writing();
      time.in(delay(), air, this::arrive);
      if (mutation == Mutation.SEND_TWICE && random.nextInt(10) == 0) {
        time.in(delay(), air, this::arrive);
      }
    }

    private void arrive() {
      boolean lost =
          fate == Fate.LOST_ON_THE_WAY || (sockets.life.isOver() && random.nextBoolean());
      if (!lost) {
        Seen item = seen(request.idempotencyKey());
        item.count++;
        item.succeeded += succeeds() ? 1 : 0;
      }
      if (fate != Fate.SILENCE && !mute) {
        time.in(delay(), sockets.loops, () -> end(verdict()));
      }
    }

    private boolean succeeds() {
      return fate == Fate.SUCCESS || fate == Fate.REPLY_LOST;
    }

    private Verdict verdict() {
      return switch (fate) {
        case SUCCESS -> new Verdict.Succeeded(new Reply(200, null));
        case REFUSAL -> refused(404, null);
        case BROKEN -> refused(500, null);
        case BUSY -> refused(503, random.nextBoolean() ? null : Duration.ofMillis(300));
        case THROTTLED -> refused(429, Duration.ofMillis(100 + random.nextInt(2000)));
        case LOST_ON_THE_WAY, REPLY_LOST -> lost("reset");
        case UNREACHABLE, CONNECT_HANGS, INTERRUPTED, SILENCE ->
            throw new IllegalStateException("No reply comes of " + fate);
      };
    }

    private Verdict refused(int status, @Nullable Duration retryAfter) {
      Reply reply = new Reply(status, null);
      if (mutation == Mutation.ALWAYS_SUCCEED) {
        return new Verdict.Succeeded(reply);
      }
      return request.terms().retry().contains(status)
          ? new Verdict.Retryable(reply, retryAfter)
          : new Verdict.Refused(reply, retryAfter);
    }

    /** The end of an exchange without reply. */
    Verdict lost(String code) {
      return written && mutation != Mutation.CALL_SENT_UNSENT
          ? new Verdict.MaybeSent(new Failure(code, "No reply"))
          : notSent(code);
    }

    private Verdict notSent(String code) {
      return new Verdict.NotSent(new Failure(code + "_unsent", "Not sent"));
    }

    private void end(Verdict how) {
      if (sockets.open.remove(this)) {
        sockets.ended.accept(request, how);
        verdict.tryEmitValue(how).orThrow();
      }
    }
  }
}
