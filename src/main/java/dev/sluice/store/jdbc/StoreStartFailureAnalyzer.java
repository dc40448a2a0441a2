package dev.sluice.store.jdbc;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Shows why the store cannot be opened as sentences, without the stack that led there. */
final class StoreStartFailureAnalyzer extends AbstractFailureAnalyzer<StoreStartException> {

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, StoreStartException cause) {
    return new FailureAnalysis(cause.getMessage(), null, cause);
  }
}
