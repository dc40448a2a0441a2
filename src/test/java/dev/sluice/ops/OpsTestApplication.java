package dev.sluice.ops;

import dev.sluice.model.ConnectionPools;
import dev.sluice.model.DispatchLoad;
import dev.sluice.store.BacklogBoard;
import dev.sluice.store.LaneBoard;
import dev.sluice.store.StoreHealth;
import dev.sluice.store.TimeTrust;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.retry.RetryRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * This room on real ports under the application's own defaults, beside parts that tests command.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableConfigurationProperties(OpsProperties.class)
@Import({OpsConfiguration.class, OpsTestApplication.Upload.class})
class OpsTestApplication {

  @Bean
  SettableClock clock() {
    return new SettableClock();
  }

  @Bean
  TimeTrust time(SettableClock clock) {
    return new TimeTrust(clock, clock);
  }

  @Bean
  CommandedStore store() {
    return new CommandedStore();
  }

  @Bean
  CommandedBoard board() {
    return new CommandedBoard();
  }

  @Bean
  CommandedBacklog backlog() {
    return new CommandedBacklog();
  }

  @Bean
  DispatchLoad dispatchLoad() {
    return () -> new DispatchLoad.Counts(12, 34_000);
  }

  @Bean
  ConnectionPools connectionPools() {
    return () -> new ConnectionPools.Counts(3, 17, 11, 6, 2);
  }

  @Bean
  CircuitBreakerRegistry breakers() {
    return CircuitBreakerRegistry.ofDefaults();
  }

  @Bean
  RateLimiterRegistry rates() {
    return RateLimiterRegistry.ofDefaults();
  }

  @Bean
  RetryRegistry retries() {
    return RetryRegistry.ofDefaults();
  }

  /** A store whose check does what the test says. */
  static final class CommandedStore implements StoreHealth {
    volatile Runnable check = () -> {};
    volatile boolean shared;

    @Override
    public boolean isShared() {
      return shared;
    }

    @Override
    public void check() {
      check.run();
    }
  }

  /** A backlog as the test says, with the time it was asked about. */
  static final class CommandedBacklog implements BacklogBoard {
    volatile Backlog backlog = new Backlog(Map.of(), 0, null, 0);
    volatile Instant stalledSince = Instant.EPOCH;

    @Override
    public Backlog backlog(Instant since) {
      stalledSince = since;
      return backlog;
    }
  }

  /** A board with the lanes the test puts on it. */
  static final class CommandedBoard implements LaneBoard {
    final Queue<Lane> lanes = new ConcurrentLinkedQueue<>();

    @Override
    public List<Lane> lanes() {
      return List.copyOf(lanes);
    }
  }

  /** Reads a body to its end and tells how that went. */
  @RestController
  static final class Upload {
    final CountDownLatch began = new CountDownLatch(1);
    final BlockingQueue<String> ended = new LinkedBlockingQueue<>();

    @PostMapping("/upload")
    String read(InputStream body) {
      began.countDown();
      try {
        long bytes = body.transferTo(java.io.OutputStream.nullOutputStream());
        ended.add("read " + bytes);
      } catch (IOException e) {
        ended.add(e.getClass().getSimpleName());
      }
      return "done";
    }
  }
}
