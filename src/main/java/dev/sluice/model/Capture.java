package dev.sluice.model;

/**
 * Which responses are kept, and how much of them.
 *
 * @param on when to keep
 * @param bytes most body bytes kept, 0 to 65,536
 */
public record Capture(On on, int bytes) {

  /** When a response is kept. */
  public enum On {
    FAILURE,
    ALWAYS,
    NEVER
  }

  public static final Capture DEFAULT = new Capture(On.FAILURE, 4096);

  public Capture {
    if (bytes < 0 || bytes > 65_536) {
      throw new IllegalArgumentException("capture.bytes must be 0..65536, was " + bytes);
    }
  }
}
