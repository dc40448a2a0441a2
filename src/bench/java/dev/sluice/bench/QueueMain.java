package dev.sluice.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.slf4j.LoggerFactory;

/**
 * A job queue that sends one request a job: {@code QueueMain <kind> <url> <body bytes>
 * <concurrency> <JDBC URL> <user> <password>}; the talk is told in {@link QueueProcess}.
 */
final class QueueMain {

  /** Fewer wait for each other, more for a core: measured with 8 to 64 on two cores. */
  private static final int CONNECTIONS = 16;

  private static final int LIMIT_MINUTES = 10;

  private static volatile Work work = new Work(0);

  private QueueMain() {}

  /** A library under measurement; its jobs call {@link QueueMain#send}. */
  interface JobQueue {

    /** Gives its name and version. */
    String version();

    /** Stores jobs with this body while no worker runs. */
    void store(int jobs, String body);

    /** Lets the workers run. */
    void resume();

    /** Stops the workers, and removes what jobs that are done leave behind. */
    void rest();
  }

  /** The jobs of one round. */
  private static final class Work {
    private final CountDownLatch open;
    private final SenderMain.Tally tally = new SenderMain.Tally();
    private final AtomicLong startedNanos = new AtomicLong();

    Work(int jobs) {
      open = new CountDownLatch(jobs);
    }

    /** The clock starts with the first job: a poll interval is not held against anybody. */
    void begin() {
      if (startedNanos.get() == 0) {
        startedNanos.compareAndSet(0, System.nanoTime());
      }
    }
  }

  private static WebClientSender sender;

  public static void main(String[] args) throws Exception {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.ERROR);
    int concurrency = Integer.parseInt(args[3]);
    sender = new WebClientSender(args[1], Integer.parseInt(args[2]), true);
    JobQueue queue = queue(args[0], concurrency, source(args[4], args[5], args[6]));
    serve(queue, SenderMain.body(Integer.parseInt(args[2])));
    System.exit(0);
  }

  private static JobQueue queue(String kind, int concurrency, DataSource source) {
    return switch (kind) {
      case "db-scheduler" -> new DbSchedulerQueue(source, concurrency);
      case "JobRunr" -> new JobRunrQueue(source, concurrency);
      default -> throw new IllegalArgumentException("No queue is called " + kind);
    };
  }

  private static DataSource source(String url, String user, String password) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(Integer.getInteger("bench.queueConnections", CONNECTIONS));
    config.addDataSourceProperty("reWriteBatchedInserts", "true");
    return new HikariDataSource(config);
  }

  private static void serve(JobQueue queue, String body) throws IOException, InterruptedException {
    System.out.println(queue.version());
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", -1);
      if (words.length != 2 || !words[0].equals("run")) {
        throw new IOException("Not understood: " + line);
      }
      int jobs = Integer.parseInt(words[1]);
      Work round = new Work(jobs);
      work = round;
      long started = System.nanoTime();
      queue.store(jobs, body);
      System.out.println("stored " + (System.nanoTime() - started));
      var _ = in.readLine();
      queue.resume();
      if (!round.open.await(LIMIT_MINUTES, TimeUnit.MINUTES)) {
        throw new IllegalStateException(round.open.getCount() + " jobs were not done");
      }
      System.out.printf(
          "%d %d %d %d %d%n",
          System.nanoTime() - round.startedNanos.get(),
          round.tally.errorCount(),
          round.tally.nanosAt(50),
          round.tally.nanosAt(99),
          round.tally.nanosAt(99.9));
      queue.rest();
    }
  }

  /** Sends the request of a job and waits for the reply. */
  static void send(String body) {
    Work round = work;
    round.begin();
    try {
      sender.sendOne(body.getBytes(StandardCharsets.US_ASCII), round.tally);
    } finally {
      round.open.countDown();
    }
  }
}
