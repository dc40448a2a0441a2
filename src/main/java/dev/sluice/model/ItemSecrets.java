package dev.sluice.model;

import org.jspecify.annotations.Nullable;

/**
 * Seals what is secret in items before it is stored, and opens it for the attempt. In between
 * nobody can read it, and nobody else asks. Any thread.
 */
public interface ItemSecrets {

  /** Has no key: seals nothing, opens nothing. */
  ItemSecrets NONE =
      new ItemSecrets() {
        @Override
        public boolean isSecret(String header) {
          return SecretHeaders.contains(header);
        }

        @Override
        public @Nullable String seal(String secret, String place) {
          return null;
        }

        @Override
        public @Nullable String open(String sealed, String place) {
          return null;
        }
      };

  /** Tells whether the value of a header of that name is a secret. */
  boolean isSecret(String header);

  /**
   * Seals a text.
   *
   * @param place where it belongs; it can be opened for no other
   * @return what may be stored, in ASCII; null when there is no key to seal with
   */
  @Nullable String seal(String secret, String place);

  /**
   * Opens what {@link #seal} gave.
   *
   * @return null when its key is not known here, the place is another one, or it was changed
   */
  @Nullable String open(String sealed, String place);

  /** Gives the place of a header that is for one destination. */
  static String place(Destination destination, Header header) {
    return destination.key() + ' ' + header.name();
  }
}
