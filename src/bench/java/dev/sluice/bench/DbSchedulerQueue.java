package dev.sluice.bench;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.serializer.Serializer;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import javax.sql.DataSource;

/**
 * db-scheduler as its page on performance wants it for many small jobs: lock-and-fetch, refilled at
 * twice the threads up to six times.
 */
final class DbSchedulerQueue implements QueueMain.JobQueue {

  /** The library's own table for PostgreSQL. */
  private static final String TABLE =
      """
      CREATE TABLE scheduled_tasks (
        task_name TEXT NOT NULL,
        task_instance TEXT NOT NULL,
        task_data BYTEA,
        execution_time TIMESTAMP WITH TIME ZONE NOT NULL,
        picked BOOLEAN NOT NULL,
        picked_by TEXT,
        last_success TIMESTAMP WITH TIME ZONE,
        last_failure TIMESTAMP WITH TIME ZONE,
        consecutive_failures INT,
        last_heartbeat TIMESTAMP WITH TIME ZONE,
        version BIGINT NOT NULL,
        priority SMALLINT,
        PRIMARY KEY (task_name, task_instance));
      CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time);
      CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat);
      """;

  private static final double REFILLED_AT = 2.0;
  private static final double FETCHED_UP_TO = 6.0;
  private static final int STORED_AT_ONCE = 1000;

  private final OneTimeTask<String> task =
      Tasks.oneTime("request", String.class)
          .execute((instance, _) -> QueueMain.send(instance.getData()));
  private final Scheduler scheduler;
  private final AtomicLong lastId = new AtomicLong();

  DbSchedulerQueue(DataSource source, int concurrency) {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(TABLE);
    } catch (SQLException failure) {
      throw new IllegalStateException("The table cannot be made", failure);
    }
    scheduler =
        Scheduler.create(source, task)
            .threads(concurrency)
            .executorService(
                Executors.newFixedThreadPool(concurrency, Thread.ofVirtual().factory()))
            .pollUsingLockAndFetch(REFILLED_AT, FETCHED_UP_TO)
            .pollingInterval(Duration.ofMillis(100))
            .serializer(new Text())
            .build();
    scheduler.pause();
    scheduler.start();
  }

  @Override
  public String version() {
    Properties made = new Properties();
    try (InputStream file =
        Scheduler.class.getResourceAsStream(
            "/META-INF/maven/com.github.kagkarlsson/db-scheduler/pom.properties")) {
      made.load(file);
    } catch (IOException failure) {
      throw new UncheckedIOException("The library does not tell its version", failure);
    }
    return "db-scheduler " + made.getProperty("version");
  }

  @Override
  public void store(int jobs, String body) {
    Instant now = Instant.now();
    for (int stored = 0; stored < jobs; stored += STORED_AT_ONCE) {
      int count = Math.min(STORED_AT_ONCE, jobs - stored);
      scheduler.scheduleBatch(
          LongStream.range(0, count)
              .<TaskInstance<?>>mapToObj(
                  _ -> task.instance(Long.toString(lastId.incrementAndGet()), body))
              .toList(),
          now);
    }
  }

  @Override
  public void resume() {
    scheduler.resume();
  }

  /** Jobs that are done are deleted by the library itself. */
  @Override
  public void rest() {
    scheduler.pause();
  }

  /** The cheapest there is. */
  private static final class Text implements Serializer {

    @Override
    public byte[] serialize(Object data) {
      return data == null ? null : ((String) data).getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public <T> T deserialize(Class<T> type, byte[] data) {
      return data == null ? null : type.cast(new String(data, StandardCharsets.US_ASCII));
    }
  }
}
