package dev.sluice.security;

import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.FilterType;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The calls that bring items in, beside those of the API's own tests, and some that nobody guards.
 */
@Configuration(proxyBeanMethods = false)
@Import(TestRoutesApplication.Forgotten.class)
@ComponentScan(
    basePackages = "dev.sluice.intake",
    excludeFilters =
        @ComponentScan.Filter(
            type = FilterType.REGEX,
            pattern = "dev.sluice.intake.SubmissionApplication"))
@ConfigurationPropertiesScan("dev.sluice.intake")
class TestRoutesApplication {

  /** A call whose author thought of no role. */
  @RestController
  static final class Forgotten {

    @GetMapping("/v1/forgotten")
    String inside() {
      return "secret";
    }

    @GetMapping("/forgotten")
    String outside() {
      return "secret";
    }
  }
}
