package dev.sluice.api;

import dev.sluice.model.ProcessClock;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The read side and the controls on a real port, beside a store that tests command. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@ComponentScan({"dev.sluice.api", "dev.sluice.report", "dev.sluice.control"})
@ConfigurationPropertiesScan({"dev.sluice.api", "dev.sluice.report", "dev.sluice.control"})
public class ApiTestApplication {

  @Bean
  MemoryStore store() {
    return new MemoryStore();
  }

  @Bean
  ProcessClock clock() {
    return ProcessClock.system();
  }

  /** Throws what no handler should. */
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
