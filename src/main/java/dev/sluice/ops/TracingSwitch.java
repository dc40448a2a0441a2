package dev.sluice.ops;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * Leaves out all of Spring Boot's tracing unless {@code sluice.ops.tracing} asks for it: no tracer,
 * no exporter, no thread, no step in any exchange.
 */
final class TracingSwitch implements AutoConfigurationImportFilter, EnvironmentAware {

  private boolean on;

  @Override
  public void setEnvironment(Environment environment) {
    on = environment.getProperty("sluice.ops.tracing", Boolean.class, false);
  }

  @Override
  public boolean[] match(
      @Nullable String[] autoConfigurations, AutoConfigurationMetadata metadata) {
    boolean[] wanted = new boolean[autoConfigurations.length];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = on || !isTracing(autoConfigurations[i]);
    }
    return wanted;
  }

  private static boolean isTracing(@Nullable String name) {
    return name != null
        && (name.startsWith("org.springframework.boot.micrometer.tracing.")
            || name.startsWith("org.springframework.boot.opentelemetry."));
  }
}
