package dev.sluice.model;

/**
 * One header field of an outbound request or a captured response.
 *
 * @param name an RFC 9110 token
 * @param value without CR, LF or NUL
 * @param sealed whether the value is what {@link ItemSecrets#seal} gave
 */
public record Header(String name, String value, boolean sealed) {

  /** A field as it goes over the wire. */
  public Header(String name, String value) {
    this(name, value, false);
  }

  /** Names no value: it never reaches a log. */
  @Override
  public String toString() {
    return "Header[" + name + ']';
  }
}
