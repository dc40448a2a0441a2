package dev.sluice.chaos;

import dev.sluice.chaos.agent.Point.Need;
import dev.sluice.fixture.SluiceClient;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/**
 * The clients of one run: two submit, pause, cancel and redrive, one reads what it is told. They
 * end with the process.
 */
final class Load implements AutoCloseable {

  /**
   * So many more items accepted and not seen by the oracle than when the run began, at which
   * clients wait. What was cancelled, or waits behind the door, may never be seen.
   */
  private static final int BACKLOG = 2_000;

  private static final Duration BREATH = Duration.ofMillis(40);

  private final Story story;
  private final Oracle oracle;
  private final Need need;
  private final Client client;
  private final List<Thread> threads = new ArrayList<>();
  private final int run;
  private final long unseenBefore;
  private volatile boolean stopped;
  private volatile boolean done;

  /**
   * Starts the clients.
   *
   * @param need what they are to do more than anything else
   */
  Load(Story story, Oracle oracle, URI root, Need need, int run, Random random) {
    this(story, oracle, root, need, run);
    for (int i = 0; i < 2; i++) {
      Random own = new Random(random.nextLong());
      start("chaos-client-" + i, () -> submitNext(own));
    }
    Random own = new Random(random.nextLong());
    start("chaos-reader", () -> read(own));
  }

  private Load(Story story, Oracle oracle, URI root, Need need, int run) {
    this.story = story;
    this.oracle = oracle;
    this.need = need;
    this.run = run;
    this.client = new Client(root);
    this.unseenBefore = unseen();
  }

  private long unseen() {
    return story.acceptedItems() - oracle.requestCount();
  }

  /** Starts a client that only ends what others had begun. */
  static Load rest(Story story, Oracle oracle, URI root, int run) {
    Load load = new Load(story, oracle, root, Need.LOAD, run);
    load.start("chaos-rest", load::endNext);
    return load;
  }

  private void endNext() {
    Submission submission = story.unfinished().poll();
    if (submission != null) {
      advance(submission);
    } else if (story.unfinishedPauses().isEmpty()) {
      done = true;
      stopped = true;
    }
    resume();
  }

  /** Tells whether nothing is left that was begun. */
  boolean isDone() {
    return done;
  }

  private void start(String name, Runnable step) {
    threads.add(
        Thread.ofPlatform()
            .name(name)
            .daemon(true)
            .start(
                () -> {
                  while (!stopped) {
                    step(step);
                  }
                }));
  }

  private void step(Runnable step) {
    try {
      step.run();
    } catch (Client.TryAgain _) {
      breathe();
    } catch (UncheckedIOException _) {
      // The process is gone or going: what was begun is gone on with in the next run.
      breathe();
    } catch (IllegalStateException interrupted) {
      if (!Thread.currentThread().isInterrupted()) {
        story.fault("A client failed: " + interrupted);
      }
      stopped = true;
    } catch (RuntimeException | AssertionError unexpected) {
      story.fault("A client failed: " + unexpected);
      breathe();
    }
  }

  private static void breathe() {
    LockSupport.parkNanos(BREATH.toNanos());
  }

  private void submitNext(Random random) {
    Submission submission = story.unfinished().poll();
    if (submission == null) {
      if (unseen() - unseenBefore > BACKLOG) {
        breathe();
        return;
      }
      submission = invent(random);
      story.add(submission);
    }
    advance(submission);
    if (submission.isAccepted()) {
      control(submission, random);
    }
  }

  private void advance(Submission submission) {
    try {
      client.advance(submission);
    } finally {
      if (submission.knowledge() == Submission.Knowledge.OPEN) {
        story.unfinished().add(submission);
      }
    }
    if (submission.isAccepted()) {
      story.accepted(submission);
    }
  }

  /** Makes up a submission of a kind that the run needs, or of any. */
  private Submission invent(Random random) {
    int dice = random.nextInt(100);
    boolean wanted = random.nextInt(100) < 50;
    Submission.Form form;
    if (wanted && need == Need.CHUNKS) {
      form = Submission.Form.CHUNKED;
    } else if (wanted && need == Need.BROKEN_UPLOAD) {
      form = Submission.Form.BROKEN;
    } else if (dice < 35) {
      form = Submission.Form.KEYED;
    } else if (dice < 65) {
      form = Submission.Form.KEYLESS;
    } else {
      form = dice < 93 ? Submission.Form.CHUNKED : Submission.Form.BROKEN;
    }
    int number = story.nextNumber();
    boolean fat = form == Submission.Form.BROKEN || random.nextInt(10) == 0;
    String path = "/" + number;
    return new Submission(
        number,
        form,
        random.nextInt(100) < 40,
        100 + random.nextInt(fat ? 600 : 1_500),
        random.nextInt(8) == 0 ? oracle.doorUrl(path) : oracle.url(path),
        fat ? "x".repeat(3_500) : "y".repeat(random.nextInt(200)),
        random.nextInt(6) == 0);
  }

  /** Does something to a batch, or to an earlier one. */
  private void control(Submission submission, Random random) {
    String path = "/v1/batches/" + submission.batchId();
    int dice = random.nextInt(100);
    boolean wanted = random.nextInt(100) < 60;
    if (dice < 4 || (wanted && need == Need.CANCEL)) {
      submission.askCancel();
      var _ = Client.expect("cancel", client.http().post(path + "/cancel"), 200, 409);
    } else if (dice < 9 || (wanted && need == Need.PAUSE)) {
      try {
        var _ = Client.expect("pause", client.http().post(path + "/pause"), 200, 409);
      } finally {
        // Also when the answer was lost with the process: what is paused has to go on.
        story.unfinishedPauses().add(submission);
      }
      breathe();
    } else if (dice < 16 || (wanted && need == Need.REDRIVE)) {
      redrive(random);
    }
    resume();
  }

  /** Resumes what was paused, in this run or an earlier one. */
  private void resume() {
    Submission paused = story.unfinishedPauses().poll();
    if (paused == null) {
      return;
    }
    boolean done = false;
    try {
      String path = "/v1/batches/" + paused.batchId() + "/resume";
      var _ = Client.expect("resume", client.http().post(path), 200, 409);
      done = true;
    } finally {
      if (!done) {
        story.unfinishedPauses().add(paused);
      }
    }
  }

  private void redrive(Random random) {
    List<Submission> recent = story.recentlyAccepted();
    Submission parent = recent.get(random.nextInt(recent.size()));
    SluiceClient.Answer answer =
        client
            .http()
            .post(
                "/v1/batches/" + parent.batchId() + "/redrive",
                "{\"filter\":{\"state\":[\"FAILED\"]},\"idempotencyKey\":\"new\"}");
    // 422: nothing failed; 410: its items are kept no longer; 409: not yet.
    if (Client.expect("redrive", answer, 202, 422, 410, 409).status() == 202) {
      story.children().add(answer.batchId());
    }
  }

  /** Reads a batch and its new results, which must stay as they are from now on. */
  private void read(Random random) {
    breathe();
    List<Submission> recent = story.recentlyAccepted();
    if (recent.isEmpty()) {
      return;
    }
    String id = recent.get(random.nextInt(recent.size())).batchId();
    if (id == null) {
      throw new IllegalStateException("An accepted batch has no id, indicates a bug");
    }
    JsonNode counts = client.http().batch(id).path("counts");
    long sum =
        counts.properties().stream()
            .filter(count -> !count.getKey().equals("total"))
            .mapToLong(count -> count.getValue().asLong())
            .sum();
    if (sum != counts.path("total").asLong()) {
      story.fault("Counts of " + id + " do not add up: " + counts);
    }
    Story.Reported reported = story.reported(id);
    client
        .http()
        .results(
            id,
            "?after=" + reported.lastSeq(),
            line ->
                reported.add(
                    line.path("seq").asLong(),
                    line.path("index").asInt(),
                    new Story.Reported.Line(run, Story.Reported.textOf(line))));
  }

  /** Ends the clients; the process is gone. */
  @Override
  public void close() {
    stopped = true;
    client.close();
    threads.forEach(Thread::interrupt);
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while clients end", interrupted);
      }
    }
  }
}
