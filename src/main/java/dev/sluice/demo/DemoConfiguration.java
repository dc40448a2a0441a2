package dev.sluice.demo;

import java.io.Console;
import java.util.Optional;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;

/** The demo's parts, present under the profile {@code demo} only. */
@Configuration(proxyBeanMethods = false)
@Profile("demo")
class DemoConfiguration {

  @Bean
  SampleDestination sampleDestination() {
    return new SampleDestination(new SampleAnswers());
  }

  @Bean
  DemoLifecycle demoLifecycle(DemoProperties properties, SampleDestination destination) {
    boolean live = Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    return new DemoLifecycle(
        properties, new DemoRun(properties, destination, new Terminal(System.out, live)));
  }
}
