package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.SluiceClient;
import dev.sluice.fixture.SluiceClient.Answer;
import dev.sluice.fixture.SluiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Clients that never stop calling: they submit small batches, each again under its key until it is
 * accepted, read, pause and resume, and ask for health. What they are answered is kept.
 */
final class ApiCallers implements AutoCloseable {

  /** An answer is due after two seconds; the rest is for a busy machine. */
  private static final Duration LONGEST = Duration.ofMillis(2_000 + 1_500);

  private static final int ITEMS = 5;
  private static final Duration PAUSE = Duration.ofMillis(80);

  private final List<Thread> threads = new ArrayList<>();
  private final Queue<Seen> seen = new ConcurrentLinkedQueue<>();
  private final Queue<RuntimeException> failures = new ConcurrentLinkedQueue<>();
  private final Map<String, String> accepted = new ConcurrentHashMap<>();
  private final String body;
  private volatile boolean closed;

  /** What became of a call. */
  private record Seen(
      String call,
      int status,
      long beganAt,
      long endedAt,
      boolean isProblem,
      boolean hasRetryAfter) {

    Duration took() {
      return Duration.ofNanos(endedAt - beganAt);
    }
  }

  /**
   * @param url where the items of the small batches go
   */
  ApiCallers(String url) {
    String item = "{\"url\":\"" + url + "\",\"body\":{\"n\":1}}";
    this.body = "{\"items\":[" + String.join(",", Collections.nCopies(ITEMS, item)) + "]}";
  }

  /** Begins to call a process about a batch that nothing is sent of. */
  ApiCallers call(SluiceProcess sluice, String batchId) {
    repeat(new Submitter(new SluiceClient(sluice.uri())));
    SluiceClient reader = new SluiceClient(sluice.uri());
    repeat(() -> call("read", () -> reader.get("/v1/batches/" + batchId)));
    SluiceClient controller = new SluiceClient(sluice.uri());
    repeat(
        () -> {
          call("pause", () -> controller.post("/v1/batches/" + batchId + "/pause"));
          call("resume", () -> controller.post("/v1/batches/" + batchId + "/resume"));
        });
    HttpClient probe = HttpClient.newHttpClient();
    repeat(
        () -> {
          for (String path : List.of("/readiness", "/liveness", "")) {
            health(probe, sluice.managementUri("/actuator/health" + path));
          }
        });
    return this;
  }

  private void repeat(Runnable round) {
    threads.add(
        Thread.ofVirtual()
            .start(
                () -> {
                  while (!closed) {
                    try {
                      round.run();
                    } catch (RuntimeException e) {
                      failures.add(e);
                    }
                    LockSupport.parkNanos(PAUSE.toNanos());
                  }
                }));
  }

  private Answer call(String name, Supplier<Answer> call) {
    long beganAt = System.nanoTime();
    Answer answer = call.get();
    HttpResponse<?> response = answer.response();
    seen.add(
        new Seen(
            name,
            answer.status(),
            beganAt,
            System.nanoTime(),
            response
                .headers()
                .firstValue("Content-Type")
                .orElse("")
                .startsWith("application/problem+json"),
            response.headers().firstValue("Retry-After").isPresent()));
    return answer;
  }

  private void health(HttpClient probe, URI uri) {
    long beganAt = System.nanoTime();
    try {
      int status =
          probe.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding()).statusCode();
      seen.add(new Seen("health", status, beganAt, System.nanoTime(), false, false));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Submits batch after batch, each until it is accepted. */
  private final class Submitter implements Runnable {
    private final SluiceClient client;
    private String key = UUID.randomUUID().toString();

    Submitter(SluiceClient client) {
      this.client = client;
    }

    @Override
    public void run() {
      Answer answer =
          call(
              "submit",
              () ->
                  client.send(
                      client
                          .request("/v1/batches")
                          .header("Content-Type", "application/json")
                          .header("Idempotency-Key", key)
                          .POST(HttpRequest.BodyPublishers.ofString(body))));
      if (answer.status() == 202 || answer.status() == 200) {
        accepted.put(key, answer.batchId());
        key = UUID.randomUUID().toString();
      }
    }
  }

  /** Gives when the first call after a time began that was answered well, and ended. */
  long firstGoodSince(long time) {
    return seen.stream()
        .filter(answer -> answer.beganAt - time >= 0 && answer.status < 300)
        .filter(answer -> !answer.call.equals("health"))
        .mapToLong(Seen::endedAt)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  long refusedCount() {
    return seen.stream().filter(answer -> answer.status == 503).count();
  }

  /** Fails unless all were answered in time, by a success or by 503 and when to come again. */
  void answeredAsPromised(String fault) {
    assertThat(failures).as("calls without an answer while %s", fault).isEmpty();
    Seen slowest = null;
    for (Seen answer : seen) {
      if (slowest == null || answer.took().compareTo(slowest.took()) > 0) {
        slowest = answer;
      }
      if (answer.call.equals("health")) {
        assertThat(answer.status).as("health while %s", fault).isEqualTo(200);
      } else if (answer.status >= 300) {
        assertThat(answer.status).as("%s while %s", answer.call, fault).isEqualTo(503);
        assertThat(answer.isProblem).as("%s is answered by a problem", answer.call).isTrue();
        assertThat(answer.hasRetryAfter).as("%s has Retry-After", answer.call).isTrue();
      }
    }
    assertThat(slowest).isNotNull();
    System.out.printf(
        "PostgresFaultsIT: %s: %d calls, %d of them refused, the slowest (%s) took %d ms%n",
        fault, seen.size(), refusedCount(), slowest.call, slowest.took().toMillis());
    assertThat(slowest.took()).as("the slowest: %s", slowest).isLessThan(LONGEST);
  }

  /** Gives the small batches that were accepted, each of {@link #itemCount} items. */
  List<String> accepted() {
    return List.copyOf(accepted.values());
  }

  static int itemCount() {
    return ITEMS;
  }

  /** Ends the calls; returns once the last was answered. */
  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted", interrupted);
      }
    }
  }
}
