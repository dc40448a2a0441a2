package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.LimitShares;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.StoreHealth;
import dev.sluice.store.TestClock;
import dev.sluice.store.TimeTrust;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

class StoreConfigurationTests {

  @TempDir Path directory;

  @Configuration
  @EnableConfigurationProperties({StoreProperties.class, DatabaseProperties.class})
  static class Properties {}

  private ApplicationContextRunner runner() {
    return new ApplicationContextRunner()
        .withUserConfiguration(Properties.class, StoreConfiguration.class)
        .withBean(ProcessClock.class, TestClock::new)
        .withBean(TimeTrust.class, () -> new TimeTrust(new TestClock(), new TestClock()))
        .withPropertyValues("sluice.store.path=" + directory.resolve("data/sluice.db"));
  }

  @Test
  void offersEveryRoleOnce() {
    runner()
        .run(
            context -> {
              assertThat(context).hasSingleBean(BatchWriter.class);
              assertThat(context).hasSingleBean(ShardQueue.class);
              assertThat(context).hasSingleBean(ControlBoard.class);
              assertThat(context).hasSingleBean(BatchReader.class);
              assertThat(context).hasSingleBean(Housekeeping.class);
              assertThat(context).hasSingleBean(LimitShares.class);
              context.getBean(StoreHealth.class).check();
            });
  }

  @Test
  void refusesAContradictorySetting() {
    runner()
        .withPropertyValues("sluice.store.page-size=5KB")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("sluice.store.page-size must be a power of two"));
  }

  @Test
  void aDirectoryInUseStopsTheStart() {
    runner()
        .run(
            first ->
                runner()
                    .run(
                        second ->
                            assertThat(second)
                                .getFailure()
                                .rootCause()
                                .isInstanceOf(StoreStartException.class)));
  }
}
