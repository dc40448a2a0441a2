package dev.sluice.security;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Shows why a start was refused, and the lines that allow it, without the stack that led there. */
final class SecurityStartFailureAnalyzer extends AbstractFailureAnalyzer<SecurityStartException> {

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, SecurityStartException cause) {
    return new FailureAnalysis(cause.getMessage(), cause.action(), cause);
  }
}
