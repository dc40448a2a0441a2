package dev.sluice.ops;

import dev.sluice.model.Destination;
import dev.sluice.model.ProcessClock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Attempts by destination, for so many destinations as there are seats; all others share {@code
 * other}. A destination takes a free seat with its first attempt and loses it, with its meters,
 * when it was idle for ten minutes: a counter never moves from one name to another, so rates stay
 * true.
 */
final class DestinationMeters {

  private static final String NAME = "sluice.destination.attempts";
  private static final long IDLE_NANOS = Duration.ofMinutes(10).toNanos();

  private final MeterRegistry registry;
  private final ProcessClock clock;
  private final int seatCount;
  private final Seat other;

  /** Never more than {@link #seatCount} entries; written under the monitor of this object. */
  private final ConcurrentHashMap<Destination, Seat> seats = new ConcurrentHashMap<>();

  /** Spares the monitor on the hot path while every seat is taken. */
  private volatile boolean full;

  DestinationMeters(MeterRegistry registry, ProcessClock clock, int seatCount) {
    this.registry = registry;
    this.clock = clock;
    this.seatCount = seatCount;
    this.full = seatCount == 0;
    this.other = new Seat(registry, "other");
  }

  /** Counts an attempt; any thread. */
  void attemptEnded(Destination destination, VerdictKind kind) {
    Seat seat = seats.get(destination);
    if (seat == null) {
      seat = full ? other : seated(destination);
    }
    seat.ended.of(kind).increment();
    seat.used = true;
  }

  private synchronized Seat seated(Destination destination) {
    Seat seat = seats.get(destination);
    if (seat != null || seats.size() >= seatCount) {
      return seat == null ? other : seat;
    }
    Seat taken = new Seat(registry, destination.key());
    taken.usedAtNanos = clock.nanoTime();
    seats.put(destination, taken);
    full = seats.size() >= seatCount;
    return taken;
  }

  /** Frees the seats of idle destinations; called now and then. */
  synchronized void freeIdleSeats() {
    long now = clock.nanoTime();
    seats
        .values()
        .removeIf(
            seat -> {
              if (seat.used) {
                seat.used = false;
                seat.usedAtNanos = now;
              }
              boolean idle = now - seat.usedAtNanos >= IDLE_NANOS;
              if (idle) {
                seat.remove(registry);
              }
              return idle;
            });
    full = seats.size() >= seatCount;
  }

  /** The counters of one tag value. */
  private static final class Seat {
    final MetersByTag<VerdictKind, Counter> ended;

    /** Whether an attempt ended since the last look; a plain write on the hot path. */
    volatile boolean used;

    /** Guarded by the monitor of {@link DestinationMeters}. */
    long usedAtNanos;

    Seat(MeterRegistry registry, String destination) {
      ended =
          new MetersByTag<>(
              VerdictKind.class,
              kind ->
                  Counter.builder(NAME)
                      .description("Attempts that got their verdict, by destination")
                      .tag("destination", destination)
                      .tag("verdict", kind.tag())
                      .register(registry));
    }

    void remove(MeterRegistry registry) {
      ended.forEach(registry::remove);
    }
  }
}
