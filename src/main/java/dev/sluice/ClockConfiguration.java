package dev.sluice;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.TimeTrust;
import java.time.InstantSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Hands time in. */
@Configuration(proxyBeanMethods = false)
class ClockConfiguration {

  @Bean
  ProcessClock processClock() {
    return ProcessClock.system();
  }

  @Bean
  TimeTrust timeTrust(ProcessClock clock) {
    return new TimeTrust(clock, InstantSource.system());
  }
}
