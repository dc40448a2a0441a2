package dev.sluice.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What one replica's part of a limit should be: max-min fair by what each wants, and what nobody
 * wants is spread evenly, so that a demand which comes finds something already there.
 */
final class LimitSplit {

  /** All of it that goes to replicas which want next to nothing, so that a first attempt can go. */
  private static final double STANDBY = 0.02;

  private LimitSplit() {}

  /**
   * What is known of a replica that demands the limit.
   *
   * @param since when it got its first place, or lost its last one
   */
  record Claimant(long replica, double wanted, double share, Instant since) {}

  /** Gives the part of {@code own}, which is one of {@code all}, in attempts a second. */
  static double rate(double limit, Claimant own, List<Claimant> all) {
    double least = STANDBY * limit / all.size();
    double[] wanted =
        all.stream().mapToDouble(claimant -> Math.clamp(claimant.wanted, least, limit)).toArray();
    double mine = Math.clamp(own.wanted, least, limit);
    double sum = 0;
    for (double each : wanted) {
      sum += each;
    }
    return sum <= limit
        ? mine + (limit - sum) / wanted.length
        : Math.min(mine, level(limit, wanted));
  }

  /** Gives the level up to which the limit fills all: together they want more. */
  private static double level(double limit, double[] wanted) {
    double[] rising = wanted.clone();
    Arrays.sort(rising);
    double left = limit;
    for (int i = 0; i < rising.length; i++) {
      double even = left / (rising.length - i);
      if (rising[i] >= even) {
        return even;
      }
      left -= rising[i];
    }
    throw new IllegalStateException("Demands within the limit have no level, indicates a bug");
  }

  /** Gives the places of {@code own}, which is one of {@code all}. */
  static int places(int limit, Claimant own, List<Claimant> all, Instant now) {
    List<Claimant> inOrder = new ArrayList<>(all);
    inOrder.sort(Comparator.comparingLong(Claimant::replica));
    int sum = 0;
    for (Claimant claimant : inOrder) {
      sum += wanted(claimant, limit);
    }
    if (sum <= limit) {
      int rest = limit - sum;
      int more = inOrder.indexOf(own) < rest % inOrder.size() ? 1 : 0;
      return wanted(own, limit) + rest / inOrder.size() + more;
    }
    double[] wanted = inOrder.stream().mapToDouble(each -> wanted(each, limit)).toArray();
    int level = (int) level(limit, wanted);
    int rest = limit;
    for (Claimant claimant : inOrder) {
      rest -= Math.min(wanted(claimant, limit), level);
    }
    inOrder.removeIf(claimant -> wanted(claimant, limit) <= level);
    if (level == 0) {
      inOrder.sort(byTurn(now));
    }
    int more = inOrder.contains(own) && inOrder.indexOf(own) < rest ? 1 : 0;
    return Math.min(wanted(own, limit), level) + more;
  }

  private static int wanted(Claimant claimant, int limit) {
    return (int) Math.min(limit, Math.ceil(claimant.wanted));
  }

  /**
   * Whoever has a place keeps it for a turn; then those come who have waited longest, and whoever
   * has had one longest goes first.
   */
  private static Comparator<Claimant> byTurn(Instant now) {
    return Comparator.<Claimant>comparingInt(claimant -> rank(claimant, now))
        .thenComparingLong(claimant -> order(claimant, now))
        .thenComparingLong(Claimant::replica);
  }

  private static int rank(Claimant claimant, Instant now) {
    if (claimant.share < 1) {
      return 1;
    }
    return hasTurn(claimant, now) ? 0 : 2;
  }

  private static boolean hasTurn(Claimant claimant, Instant now) {
    return claimant.since.plus(LimitShares.TURN).isAfter(now);
  }

  private static long order(Claimant claimant, Instant now) {
    long since = claimant.since.toEpochMilli();
    return claimant.share < 1 || hasTurn(claimant, now) ? since : -since;
  }
}
