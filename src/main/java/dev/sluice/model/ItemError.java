package dev.sluice.model;

/**
 * Why an item did not succeed.
 *
 * @param code stable, to branch on, for example {@code http_status} or {@code connect}
 * @param message for people, at most 500 characters; a NUL, as a destination may send one, becomes
 *     U+FFFD
 */
public record ItemError(String code, String message) {

  private static final int MAX_MESSAGE = 500;

  public ItemError {
    if (message.length() > MAX_MESSAGE) {
      message = message.substring(0, MAX_MESSAGE);
    }
    message = message.replace('\0', '\uFFFD');
  }
}
