package dev.sluice;

import dev.sluice.model.ProcessClock;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Hands time in. */
@Configuration(proxyBeanMethods = false)
class ClockConfiguration {

  @Bean
  ProcessClock processClock() {
    return ProcessClock.system();
  }
}
