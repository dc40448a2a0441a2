package dev.sluice.security;

import org.springframework.boot.ExitCodeGenerator;

/**
 * Starting would let in whom nobody chose to let in; a person must act. The process ends with 78
 * (configuration).
 */
final class SecurityStartException extends RuntimeException implements ExitCodeGenerator {

  private static final long serialVersionUID = 1L;
  private static final int EX_CONFIG = 78;

  /** What to do instead, a line each. */
  private final String action;

  SecurityStartException(String message, String action) {
    super(message);
    this.action = action;
  }

  String action() {
    return action;
  }

  @Override
  public int getExitCode() {
    return EX_CONFIG;
  }
}
