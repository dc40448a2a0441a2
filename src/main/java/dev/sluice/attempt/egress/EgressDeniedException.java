package dev.sluice.attempt.egress;

/**
 * A destination that policy denies; nothing was sent. Its message is for the client: it names no
 * address, so that nobody reads inner name servers through it.
 */
public final class EgressDeniedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  EgressDeniedException(String message) {
    // One for each denied item: no stack.
    super(message, null, false, false);
  }
}
