package dev.sluice.attempt;

/** A request that cannot be written as it is; nothing was sent. Its message holds nothing of it. */
final class UnsendableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UnsendableException(String message) {
    super(message, null, false, false);
  }
}
