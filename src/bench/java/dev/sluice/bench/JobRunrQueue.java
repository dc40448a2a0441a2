package dev.sluice.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jobrunr.configuration.JobRunr;
import org.jobrunr.configuration.JobRunrConfiguration.JobRunrConfigurationResult;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.server.configuration.BackgroundJobServerThreadType;
import org.jobrunr.server.configuration.DefaultBackgroundJobServerWorkerPolicy;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;
import org.jobrunr.utils.mapper.jackson3.Jackson3JsonMapper;

/**
 * JobRunr with job requests instead of lambdas, which spares it the reading of byte code, virtual
 * threads and the shortest poll interval that it allows; between polls a worker that is free
 * fetches.
 */
public final class JobRunrQueue implements QueueMain.JobQueue {

  private static final Duration POLL = Duration.ofSeconds(5);

  private final DataSource source;
  private final JobRunrConfigurationResult jobs;
  private final BackgroundJobServer server;

  /** What a job stores. Public, like its handler: the library calls it by reflection. */
  public record Send(String body) implements JobRequest {

    @Override
    public Class<SendHandler> getJobRequestHandler() {
      return SendHandler.class;
    }
  }

  /** What a job does; the library makes one for each. */
  public static final class SendHandler implements JobRequestHandler<Send> {

    @Override
    public void run(Send request) {
      QueueMain.send(request.body());
    }
  }

  JobRunrQueue(DataSource source, int concurrency) {
    this.source = source;
    jobs =
        JobRunr.configure()
            .useJsonMapper(new Jackson3JsonMapper())
            .useJobActivator(JobRunrQueue::activate)
            .useStorageProvider(new PostgresStorageProvider(source))
            .useBackgroundJobServer(
                BackgroundJobServerConfiguration
                    .usingStandardBackgroundJobServerConfiguration()
                    .andBackgroundJobServerWorkerPolicy(
                        new DefaultBackgroundJobServerWorkerPolicy(
                            concurrency, BackgroundJobServerThreadType.VirtualThreads))
                    .andPollInterval(POLL))
            .initialize();
    server = jobs.getBackgroundJobServer();
    server.pauseProcessing();
  }

  private static <T> T activate(Class<T> type) {
    return type.cast(new SendHandler());
  }

  @Override
  public String version() {
    return "JobRunr " + JobRunr.class.getPackage().getImplementationVersion();
  }

  @Override
  public void store(int count, String body) {
    jobs.getJobRequestScheduler().enqueue(IntStream.range(0, count).mapToObj(_ -> new Send(body)));
  }

  @Override
  public void resume() {
    server.resumeProcessing();
  }

  /** It keeps jobs that succeeded for a day and a half: a table that grows is not held against it. */
  @Override
  public void rest() {
    server.pauseProcessing();
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("TRUNCATE jobrunr_jobs");
    } catch (SQLException failure) {
      throw new IllegalStateException("The table cannot be emptied", failure);
    }
  }
}
