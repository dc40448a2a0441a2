package dev.sluice.ops;

import dev.sluice.model.ConnectionPools;
import dev.sluice.model.DispatchLoad;
import dev.sluice.model.DispatchTracer;
import dev.sluice.model.InboundAccess;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BacklogBoard;
import dev.sluice.store.LaneBoard;
import dev.sluice.store.StoreHealth;
import dev.sluice.store.TimeTrust;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.retry.RetryRegistry;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.config.MeterFilter;
import java.util.List;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementServerProperties;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.context.LifecycleProperties;
import org.springframework.boot.tomcat.ConfigurableTomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;

/** The beans of this room. What other rooms do not bring has no meters. */
@Configuration(proxyBeanMethods = false)
class OpsConfiguration {

  @Bean
  MeterFilter boundedMeters() {
    return new BoundedMeters();
  }

  @Bean
  DestinationMeters destinationMeters(
      MeterRegistry registry, ProcessClock clock, OpsProperties properties) {
    return new DestinationMeters(registry, clock, properties.topDestinations());
  }

  @Bean
  MeterObserver meterObserver(
      MeterRegistry registry,
      DestinationMeters destinations,
      ObjectProvider<DispatchTracer> tracer) {
    return new MeterObserver(
        registry, destinations, tracer.getIfAvailable(() -> DispatchTracer.NONE));
  }

  @Bean
  MeterBinder poolMeters(ObjectProvider<ConnectionPools> pools) {
    return registry -> pools.ifAvailable(found -> PoolMeters.bind(registry, found));
  }

  @Bean
  MeterBinder bufferMeters() {
    return BufferMeters::bind;
  }

  @Bean
  LanesEndpoint lanesEndpoint(ObjectProvider<LaneBoard> board) {
    return new LanesEndpoint(board);
  }

  @Bean(destroyMethod = "end")
  RecordingEndpoint recordingEndpoint() {
    return new RecordingEndpoint();
  }

  @Bean
  MeterBinder clockMeters(ObjectProvider<TimeTrust> time) {
    return registry -> time.ifAvailable(found -> ClockMeters.bind(registry, found));
  }

  @Bean
  MeterBinder dispatchLoadMeters(ObjectProvider<DispatchLoad> load) {
    return registry -> load.ifAvailable(found -> DispatchLoadMeters.bind(registry, found));
  }

  @Bean
  BacklogMeters backlogMeters(
      MeterRegistry registry,
      ObjectProvider<BacklogBoard> board,
      ProcessClock clock,
      OpsProperties properties) {
    return new BacklogMeters(registry, board.getIfAvailable(), clock, properties.stalledAfter());
  }

  @Bean
  LaneMeters laneMeters(MeterRegistry registry, OpsProperties properties) {
    return new LaneMeters(registry, properties.topDestinations());
  }

  @Bean
  LimitMeters limitMeters(
      MeterRegistry registry,
      OpsProperties properties,
      ObjectProvider<CircuitBreakerRegistry> breakers,
      ObjectProvider<RateLimiterRegistry> rates,
      ObjectProvider<RetryRegistry> retries) {
    LimitMeters meters = new LimitMeters(registry, properties.topDestinations());
    breakers.ifAvailable(meters::watch);
    rates.ifAvailable(meters::watch);
    retries.ifAvailable(meters::watch);
    return meters;
  }

  @Bean
  MeterRefresh meterRefresh(
      OpsProperties properties,
      ObjectProvider<LaneBoard> board,
      LaneMeters lanes,
      LimitMeters limits,
      DestinationMeters destinations,
      BacklogMeters backlog) {
    return new MeterRefresh(
        properties.refresh(),
        () -> {
          LaneBoard found = board.getIfAvailable();
          lanes.refresh(found == null ? List.of() : found.lanes());
        },
        limits::refresh,
        destinations::freeIdleSeats,
        backlog::refresh);
  }

  @Bean
  StoreHealthIndicator storeHealthIndicator(
      StoreHealth store, ProcessClock clock, OpsProperties properties) {
    return new StoreHealthIndicator(
        store, clock, properties.healthCache(), properties.healthTimeout());
  }

  @Bean
  MeterBinder storeMeters(StoreHealthIndicator store) {
    return registry ->
        Gauge.builder("sluice.store.up", store, indicator -> indicator.isUp() ? 1 : 0)
            .description("Whether the store did what its latest check asked of it")
            .strongReference(true)
            .register(registry);
  }

  /**
   * Dispatch drains first, under {@code spring.lifecycle.timeout-per-shutdown-phase}. Whoever still
   * waits on the API by then, an event stream for one, gets a few seconds and not that long again.
   */
  @Bean(AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME)
  DefaultLifecycleProcessor lifecycleProcessor(
      LifecycleProperties lifecycle, OpsProperties properties) {
    DefaultLifecycleProcessor processor = new DefaultLifecycleProcessor();
    processor.setTimeoutPerShutdownPhase(lifecycle.getTimeoutPerShutdownPhase().toMillis());
    processor.setTimeoutForShutdownPhase(
        WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE, properties.webDrain().toMillis());
    return processor;
  }

  @Bean
  @ConditionalOnWebApplication
  ListenNotice listenNotice(ManagementServerProperties management) {
    return new ListenNotice(management.getAddress());
  }

  @Bean
  MeterBinder accessMeters(ObjectProvider<InboundAccess> access) {
    return registry ->
        access.ifAvailable(
            found ->
                Gauge.builder(
                        "sluice.security.insecure",
                        found,
                        who -> who == InboundAccess.ANYBODY ? 1 : 0)
                    .description("Whether the API is open to everybody who reaches its port")
                    .strongReference(true)
                    .register(registry));
  }

  /** Tomcat reads bodies under the timeout of the request line unless it is told otherwise. */
  @Bean
  WebServerFactoryCustomizer<ConfigurableTomcatWebServerFactory> uploadIdleTimeout(
      OpsProperties properties) {
    return factory ->
        factory.addConnectorCustomizers(
            connector -> {
              if (connector.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
                http.setDisableUploadTimeout(false);
                http.setConnectionUploadTimeout((int) properties.uploadIdleTimeout().toMillis());
              }
            });
  }
}
