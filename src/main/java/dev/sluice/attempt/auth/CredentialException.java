package dev.sluice.attempt.auth;

/** A credential that cannot be had at the moment. Its message holds nothing secret. */
public final class CredentialException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CredentialException(String message) {
    super(message, null, false, false);
  }
}
