package dev.sluice.store.jdbc;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.ExitCodeGenerator;

/** The store cannot be opened; a person must act. The process ends with 78 (configuration). */
public final class StoreStartException extends RuntimeException implements ExitCodeGenerator {

  private static final long serialVersionUID = 1L;
  private static final int EX_CONFIG = 78;

  StoreStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  @Override
  public int getExitCode() {
    return EX_CONFIG;
  }
}
