package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.AuditLog;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.LimitShares;
import dev.sluice.store.OwnDirectory;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.TimeTrust;
import java.security.SecureRandom;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Offers the roles of the store as beans. Whoever uses a role depends on the store and is destroyed
 * before it, so the store closes last.
 */
@Configuration(proxyBeanMethods = false)
class StoreConfiguration {

  /** Opens the store; a store that had to stop writing ends the process. */
  @Bean(destroyMethod = "close")
  JdbcStore jdbcStore(
      StoreProperties properties,
      DatabaseProperties database,
      ProcessClock clock,
      TimeTrust time,
      ApplicationEventPublisher publisher) {
    if (database.url() != null) {
      return PostgresStore.open(database, properties, clock, time, new SecureRandom()).start();
    }
    return SqliteStore.open(
        properties,
        clock,
        time,
        new SecureRandom(),
        new FailStop(properties.file(), publisher, Runtime.getRuntime()::halt));
  }

  /** Named once the store is open, so it exists and is locked. */
  @Bean
  OwnDirectory ownDirectory(
      StoreProperties properties, DatabaseProperties database, JdbcStore opened) {
    return new OwnDirectory(database.url() != null ? null : properties.directory());
  }

  @Bean
  BatchWriter batchWriter(JdbcStore store) {
    return store.roles().batchWriter();
  }

  @Bean
  ShardQueue shardQueue(JdbcStore store) {
    return store.roles().shardQueue();
  }

  @Bean
  ControlBoard controlBoard(JdbcStore store) {
    return store.roles().controlBoard();
  }

  @Bean
  BatchReader batchReader(JdbcStore store) {
    return store.roles().batchReader();
  }

  @Bean
  AuditLog auditLog(JdbcStore store) {
    return store.roles().auditLog();
  }

  @Bean
  LimitShares limitShares(JdbcStore store) {
    return store.roles().limitShares();
  }

  @Bean
  Housekeeping housekeeping(JdbcStore store) {
    return store.roles().housekeeping();
  }
}
