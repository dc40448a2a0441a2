package dev.sluice.attempt;

import dev.sluice.model.ProcessClock;
import io.netty.channel.ChannelOption;
import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import org.springframework.web.reactive.function.client.ExchangeFunctions;
import org.springframework.web.reactive.function.client.ExchangeStrategies;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** Builds the outbound client: one pool, one set of event loops, one WebClient. */
@Configuration(proxyBeanMethods = false)
class AttemptConfiguration {

  private static final Duration WARM_UP = Duration.ofSeconds(30);

  @Bean(destroyMethod = "dispose")
  LoopResources outboundLoops(AttemptProperties properties) {
    int threads =
        properties.eventLoops() > 0
            ? properties.eventLoops()
            : Runtime.getRuntime().availableProcessors();
    return OutboundLoops.create("sluice-http", threads);
  }

  @Bean
  LoopLag outboundLoopLag(LoopResources loops) {
    return new LoopLag(loops.onClient(LoopResources.DEFAULT_NATIVE));
  }

  @Bean
  OutboundPool outboundPool() {
    return new OutboundPool();
  }

  @Bean(destroyMethod = "dispose")
  ConnectionProvider outboundConnections(AttemptProperties properties, OutboundPool pool) {
    return ConnectionProvider.builder("sluice")
        .maxConnections(properties.maxConnectionsPerDestination())
        .pendingAcquireMaxCount(properties.maxConnectionsPerDestination())
        .pendingAcquireTimeout(properties.connectTimeout())
        .lifo()
        .maxIdleTime(properties.maxIdleTime())
        .evictInBackground(properties.maxIdleTime().dividedBy(2))
        .disposeInactivePoolsInBackground(Duration.ofSeconds(30), Duration.ofMinutes(1))
        .metrics(true, () -> pool)
        .build();
  }

  @Bean
  ExchangeFunction outboundExchange(
      AttemptProperties properties, ConnectionProvider connections, LoopResources loops) {
    ResourceLeakDetector.setLevel(
        ResourceLeakDetector.Level.valueOf(properties.leakDetection().name()));
    HttpClient client =
        HttpClient.create(connections)
            .runOn(loops)
            .protocol(HttpProtocol.HTTP11)
            .keepAlive(true)
            .compress(false)
            .followRedirect(false)
            .disableRetry(true)
            .noProxy()
            .headers(headers -> headers.set(HttpHeaders.USER_AGENT, "Sluice"))
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) properties.connectTimeout().toMillis())
            .option(ChannelOption.TCP_NODELAY, true)
            .doOnChannelInit((_, channel, _) -> ReplyGuard.install(channel.pipeline()))
            .httpResponseDecoder(
                spec ->
                    spec.maxHeaderSize((int) properties.maxResponseHeaders().toBytes())
                        .validateHeaders(true));
    // Event loops, natives and the resolver are loaded now instead of during the first attempt.
    client.warmup().block(WARM_UP);
    return ExchangeFunctions.create(
        new ReactorClientHttpConnector(client), ExchangeStrategies.withDefaults());
  }

  /** The client whose exchange function the hot path calls; sampled attempts will take it whole. */
  @Bean
  WebClient outboundClient(ExchangeFunction outboundExchange) {
    return WebClient.builder().exchangeFunction(outboundExchange).build();
  }

  @Bean
  Attempter attempter(
      ExchangeFunction outboundExchange,
      ConnectionProvider outboundConnections,
      AttemptProperties properties,
      ProcessClock clock) {
    return new WebClientAttempter(
        outboundExchange, outboundConnections, new VerdictClassifier(clock), properties);
  }
}
