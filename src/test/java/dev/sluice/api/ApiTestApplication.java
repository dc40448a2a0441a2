package dev.sluice.api;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.TimeTrust;
import java.time.InstantSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The read side and the controls on a real port, on the real store, without dispatch. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@ComponentScan(
    basePackages = {
      "dev.sluice.api",
      "dev.sluice.report",
      "dev.sluice.control",
      "dev.sluice.security",
      "dev.sluice.store"
    },
    excludeFilters =
        @ComponentScan.Filter(type = FilterType.REGEX, pattern = "dev.sluice.security.Test.*"))
@ConfigurationPropertiesScan({
  "dev.sluice.api",
  "dev.sluice.report",
  "dev.sluice.control",
  "dev.sluice.security",
  "dev.sluice.store"
})
public class ApiTestApplication {

  @Bean
  static TestStore.Faults faults() {
    return new TestStore.Faults();
  }

  @Bean
  TestStore store(
      BatchReader reader,
      BatchWriter writer,
      ShardQueue queue,
      ControlBoard board,
      Housekeeping housekeeping,
      ProcessClock clock,
      TestStore.Faults faults) {
    return new TestStore(reader, writer, queue, board, housekeeping, clock, faults);
  }

  @Bean
  ProcessClock clock() {
    return ProcessClock.system();
  }

  @Bean
  TimeTrust timeTrust(ProcessClock clock) {
    return new TimeTrust(clock, InstantSource.system());
  }

  /** Throws what no handler should. */
  @Requires(Role.READ)
  @RestController
  static final class Faulty {

    @GetMapping("/test/fault")
    String fault(@RequestParam(defaultValue = "exception") String kind) {
      return switch (kind) {
        case "exception" -> throw new IllegalStateException("secret of dev.sluice.inner.Thing");
        case "error" -> throw new StackOverflowError("deep");
        default -> "none";
      };
    }
  }
}
