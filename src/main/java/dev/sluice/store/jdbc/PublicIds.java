package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.security.SecureRandom;

/**
 * Makes public batch ids: {@code bat_} and 26 characters of Crockford's base 32, lower case: 48
 * bits of milliseconds, then 80 random bits. Ids sort by time of creation.
 */
final class PublicIds {

  private static final char[] ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final int TIME_CHARACTERS = 10;
  private static final int RANDOM_CHARACTERS = 16;

  private final ProcessClock clock;
  private final SecureRandom random;

  PublicIds(ProcessClock clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
  }

  /** Gives a new id. */
  String next() {
    char[] id = new char[TIME_CHARACTERS + RANDOM_CHARACTERS];
    long millis = clock.instant().toEpochMilli();
    for (int i = TIME_CHARACTERS - 1; i >= 0; i--) {
      id[i] = ALPHABET[(int) (millis & 31)];
      millis >>>= 5;
    }
    for (int i = TIME_CHARACTERS; i < id.length; i++) {
      id[i] = ALPHABET[random.nextInt(ALPHABET.length)];
    }
    return "bat_" + new String(id);
  }
}
