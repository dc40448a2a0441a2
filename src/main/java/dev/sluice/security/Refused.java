package dev.sluice.security;

import org.springframework.security.core.AuthenticationException;

/** Why nobody was let in. Which part of a credential was wrong is told to nobody. */
abstract sealed class Refused extends AuthenticationException {

  private static final long serialVersionUID = 1L;

  private Refused(String message) {
    super(message);
  }

  /** The credential is unknown, wrong, over, or for somebody else. */
  static final class UnknownCredential extends Refused {
    private static final long serialVersionUID = 1L;

    UnknownCredential() {
      super("The credential is not valid");
    }
  }

  /** The address has shown too many of those. */
  static final class TooManyFailures extends Refused {
    private static final long serialVersionUID = 1L;

    TooManyFailures() {
      super("Too many credentials that are not valid came from this address");
    }
  }

  /** The issuer's keys cannot be had, so nobody knows. */
  static final class IssuerAway extends Refused {
    private static final long serialVersionUID = 1L;

    IssuerAway() {
      super("The keys of the token's issuer cannot be had now");
    }
  }
}
