package dev.sluice.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** The JDK's client, one virtual thread for each place. */
final class JdkSender implements SenderMain.Sender {

  private final URI url;
  private final byte[] body;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  JdkSender(String url, int bodyBytes) {
    this.url = URI.create(url);
    this.body = SenderMain.body(bodyBytes).getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void send(int items, int concurrency, SenderMain.Tally tally) {
    AtomicInteger next = new AtomicInteger();
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int worker = 0; worker < concurrency; worker++) {
        workers.execute(
            () -> {
              while (next.getAndIncrement() < items) {
                exchange(tally);
              }
            });
      }
    }
  }

  private void exchange(SenderMain.Tally tally) {
    long started = System.nanoTime();
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(body))
            .build();
    boolean succeeded = false;
    try {
      succeeded = http.send(request, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException failure) {
      System.err.println("The JDK's client failed: " + failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    tally.ended(started, succeeded);
  }
}
