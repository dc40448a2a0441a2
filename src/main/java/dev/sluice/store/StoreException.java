package dev.sluice.store;

/**
 * The store could not do its work; nothing of the call took effect. The caller may try again later.
 */
public class StoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What a caller can do about it. */
  public enum Kind {
    /** Try again: the store is busy, restarting or unreachable. */
    UNAVAILABLE,
    /** Free space first. */
    FULL,
    /** Stored data fails its checksum or has an unknown format; a person must act. */
    CORRUPT
  }

  private final Kind kind;

  public StoreException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public StoreException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
