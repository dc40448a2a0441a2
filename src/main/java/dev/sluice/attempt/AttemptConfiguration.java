package dev.sluice.attempt;

import dev.sluice.attempt.auth.AuthProperties;
import dev.sluice.attempt.auth.Credentials;
import dev.sluice.attempt.egress.ConnectGuard;
import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.EgressProperties;
import dev.sluice.attempt.egress.EgressProxy;
import dev.sluice.attempt.egress.GuardedResolverGroup;
import dev.sluice.attempt.egress.HostPattern;
import dev.sluice.attempt.egress.OwnSockets;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.ProcessClock;
import io.netty.channel.ChannelOption;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.ResourceLeakDetector;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
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
import reactor.netty.transport.NameResolverProvider;

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
  OwnSockets ownSockets() {
    return new OwnSockets();
  }

  @Bean
  EgressPolicy egressPolicy(
      EgressProperties properties, Environment environment, OwnSockets ownSockets) {
    boolean onLoopback =
        Binder.get(environment)
            .bind("server.address", InetAddress.class)
            .map(InetAddress::isLoopbackAddress)
            .orElse(false);
    return new EgressPolicy(properties, onLoopback, ownSockets);
  }

  @Bean(destroyMethod = "close")
  AddressResolverGroup<InetSocketAddress> outboundNames(LoopResources loops, EgressPolicy egress) {
    return new GuardedResolverGroup(
        NameResolverProvider.builder()
            .build()
            .newNameResolverGroup(loops, LoopResources.DEFAULT_NATIVE),
        egress);
  }

  @Bean
  HttpClient outboundHttp(
      AttemptProperties properties,
      ConnectionProvider connections,
      LoopResources loops,
      AddressResolverGroup<InetSocketAddress> outboundNames,
      EgressPolicy egress) {
    ConnectGuard guard = new ConnectGuard(egress);
    HttpClient guarded =
        client(properties, connections, loops, outboundNames)
            .doOnChannelInit((_, channel, _) -> guard.install(channel.pipeline()));
    EgressProxy proxy = egress.proxy();
    return proxy == null ? guarded : proxy.before(guarded, egress);
  }

  @Bean
  ExchangeFunction outboundExchange(HttpClient outboundHttp) {
    return exchange(outboundHttp);
  }

  @Bean
  OutboundRoutes outboundRoutes(
      HttpClient outboundHttp,
      ExchangeFunction outboundExchange,
      TlsProperties tls,
      SslBundles bundles) {
    List<OutboundRoutes.Matched> matched = new ArrayList<>();
    for (TlsProperties.Route each : tls.routes()) {
      String name = each.bundle();
      OutboundRoutes.Route route =
          new OutboundRoutes.Route(
              exchange(OutboundTls.with(outboundHttp, name, bundles.getBundle(name))));
      bundles.addBundleUpdateHandler(
          name, bundle -> route.replace(exchange(OutboundTls.with(outboundHttp, name, bundle))));
      matched.add(
          new OutboundRoutes.Matched(
              each.hosts().stream().map(HostPattern::parse).toList(), route));
    }
    return new OutboundRoutes(outboundExchange, matched);
  }

  @Bean
  Credentials credentials(
      AuthProperties properties,
      WebClient outboundClient,
      EgressPolicy egress,
      ProcessClock clock) {
    return new Credentials(properties, outboundClient, egress, clock);
  }

  /** Gives the client without the guard at the dial. */
  static HttpClient client(
      AttemptProperties properties,
      ConnectionProvider connections,
      LoopResources loops,
      AddressResolverGroup<InetSocketAddress> names) {
    ResourceLeakDetector.setLevel(
        ResourceLeakDetector.Level.valueOf(properties.leakDetection().name()));
    return HttpClient.create(connections)
        .runOn(loops)
        .protocol(HttpProtocol.HTTP11)
        .keepAlive(true)
        .compress(false)
        .followRedirect(false)
        .disableRetry(true)
        .noProxy()
        .resolver(names)
        .headers(headers -> headers.set(HttpHeaders.USER_AGENT, "Sluice"))
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) properties.connectTimeout().toMillis())
        .option(ChannelOption.TCP_NODELAY, true)
        .doOnChannelInit((_, channel, _) -> ReplyGuard.install(channel.pipeline()))
        .httpResponseDecoder(
            spec ->
                spec.maxHeaderSize((int) properties.maxResponseHeaders().toBytes())
                    .validateHeaders(true));
  }

  static ExchangeFunction exchange(HttpClient client) {
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
      OutboundRoutes outboundRoutes,
      ConnectionProvider outboundConnections,
      AttemptProperties properties,
      EgressPolicy egress,
      Credentials credentials,
      ObjectProvider<ItemSecrets> secrets,
      ProcessClock clock) {
    return new OpeningAttempter(
        new AuthorizedAttempter(
            new WebClientAttempter(
                outboundRoutes,
                outboundConnections,
                new VerdictClassifier(clock),
                properties,
                egress),
            credentials),
        secrets.getIfAvailable(() -> ItemSecrets.NONE));
  }
}
