package dev.sluice.intake;

import dev.sluice.fixture.MemoryAuditLog;
import dev.sluice.model.ProcessClock;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;

/** Submissions on a real port, before a store that tests command. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@ComponentScan(
    basePackages = {
      "dev.sluice.api",
      "dev.sluice.intake",
      "dev.sluice.secrets",
      "dev.sluice.security"
    },
    excludeFilters =
        @ComponentScan.Filter(
            type = FilterType.REGEX,
            pattern = "dev.sluice.(api.ApiTest|security.Test).*"))
@ConfigurationPropertiesScan({
  "dev.sluice.api",
  "dev.sluice.intake",
  "dev.sluice.secrets",
  "dev.sluice.security"
})
public class SubmissionApplication {

  @Bean
  MemoryAuditLog auditLog() {
    return new MemoryAuditLog();
  }

  @Bean
  RecordingStore store() {
    return new RecordingStore();
  }

  @Bean
  ProcessClock clock() {
    return ProcessClock.system();
  }
}
