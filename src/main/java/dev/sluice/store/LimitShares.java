package dev.sluice.store;

import java.time.Duration;
import java.util.List;

/**
 * Splits limits among the replicas that have use for them. Laws:
 *
 * <ul>
 *   <li>The valid shares of a key never add up to more than its limit. A share grows only by what
 *       no other replica holds; what a replica holds shrinks only once that replica says that it
 *       goes by less.
 *   <li>A share is valid for {@link #VALID} from the commit that gave or renewed it, by the store's
 *       clock; then others may have it. Its holder goes by it for {@link #HELD}, counted from
 *       before it asked, by its own clock: no clock is compared with another.
 *   <li>Who wants no more than an even part gets it, the others share the rest evenly, and what
 *       nobody wants is spread over all. A replica that comes has its share within two renewals of
 *       the others; one that goes without a word loses it after {@link #VALID}.
 *   <li>Of fewer places than replicas that want one, each has its turn, {@link #TURN} long while
 *       others wait.
 * </ul>
 */
public interface LimitShares {

  /** How long a share is its holder's, from the commit. */
  Duration VALID = Duration.ofSeconds(2);

  /**
   * How long a holder goes by it, from before it asked: clocks that run at different speeds and an
   * attempt that is just beginning have the rest.
   */
  Duration HELD = Duration.ofMillis(1900);

  /** How long a place stays where it is while others wait for one. */
  Duration TURN = Duration.ofSeconds(5);

  /** Where one process has every limit to itself: each is its own whole share. */
  LimitShares WHOLE =
      new LimitShares() {
        @Override
        public boolean areWhole() {
          return true;
        }

        @Override
        public List<Share> renew(List<Demand> demands) {
          return demands.stream()
              .map(demand -> new Share(demand.key(), demand.limit(), Duration.ZERO))
              .toList();
        }
      };

  /** Tells whether there is nobody to share with, ever: then nothing needs to be asked or kept. */
  boolean areWhole();

  /**
   * Renews all shares of this replica, asks for those it has none of, and gives up all that it does
   * not demand. One thread calls, some times a second.
   *
   * @param demands one for each key
   * @return what to go by for each demand, in their order. Where that is less than was held, the
   *     rest stays this replica's until it renews again and says that it goes by less
   */
  List<Share> renew(List<Demand> demands);

  /**
   * What a replica wants of a limit, in the limit's unit: attempts a second, or places.
   *
   * @param limit of all replicas together
   * @param wanted what this one could use now
   * @param held what it goes by, or still uses of more than that
   */
  record Demand(LimitKey key, double limit, double wanted, double held) {

    public Demand {
      if (!(limit >= 0 && wanted >= 0 && held >= 0)) {
        throw new IllegalArgumentException(
            "A demand is not negative, was limit %s, wanted %s, held %s of %s"
                .formatted(limit, wanted, held, key));
      }
    }

    /** The same with another amount in use. */
    public Demand holding(double amount) {
      return new Demand(key, limit, wanted, amount);
    }
  }

  /**
   * What a replica may use of a limit.
   *
   * @param quiet how long nobody has held any of it, this replica included: what a rate may have
   *     saved up meanwhile. Zero while somebody does, a week where nobody is known
   */
  record Share(LimitKey key, double amount, Duration quiet) {}
}
