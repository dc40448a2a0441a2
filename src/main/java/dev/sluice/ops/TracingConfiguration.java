package dev.sluice.ops;

import dev.sluice.model.DispatchTracer;
import dev.sluice.model.ProcessClock;
import io.micrometer.tracing.Tracer;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.micrometer.tracing.autoconfigure.TracingProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What there is of tracing beside Spring Boot's, where it is wanted. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty("sluice.ops.tracing")
class TracingConfiguration {

  @Bean
  DispatchTracer batchSpans(Tracer tracer, ProcessClock clock, TracingProperties tracing) {
    // Asked on the thread that samples.
    RandomGenerator chance = () -> ThreadLocalRandom.current().nextLong();
    return new BatchSpans(tracer, tracing.getSampling().getProbability(), chance, clock);
  }
}
