package dev.sluice.ops;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

class OpsPropertiesTests {

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties(OpsProperties.class)
  static class Properties {}

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner().withUserConfiguration(Properties.class);

  @Test
  void defaultsAreValid() {
    runner.run(
        context ->
            assertThat(context.getBean(OpsProperties.class).topDestinations()).isEqualTo(20));
  }

  @ParameterizedTest
  @CsvSource({
    "sluice.ops.top-destinations=201, sluice.ops.top-destinations must be 0..200",
    "sluice.ops.refresh=10ms, sluice.ops.refresh must be at least 1000 ms",
    "sluice.ops.health-cache=-1s, sluice.ops.health-cache must be at least 0 ms",
    "sluice.ops.health-timeout=1ms, sluice.ops.health-timeout must be at least 100 ms",
    "sluice.ops.upload-idle-timeout=0s, sluice.ops.upload-idle-timeout must be at least 100 ms",
    "sluice.ops.upload-idle-timeout=30d, sluice.ops.upload-idle-timeout must be at most 24 days",
    "sluice.ops.no-such-key=1, no-such-key",
  })
  void aBadValueStopsTheStartAndIsNamed(String property, String message) {
    runner
        .withPropertyValues(property)
        .run(context -> assertThat(context).getFailure().hasStackTraceContaining(message));
  }
}
