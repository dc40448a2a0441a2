package dev.sluice.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.api.ApiTestBase;
import dev.sluice.store.BatchRef;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** Server-sent events, read from the wire. */
@NullUnmarked
class EventsTests extends ApiTestBase {

  @Test
  void followsABatchToItsEnd() throws IOException {
    BatchRef ref = batch(2);
    try (Stream stream = new Stream(ref)) {
      assertThat(stream.until("event:")).isEqualTo("event: progress");
      assertThat(stream.until("data:")).contains("\"state\":\"QUEUED\"");
      assertThat(stream.until(":")).isEqualTo(": heartbeat");
      store.settle(ref, List.of(succeeded(0)));
      String seen = stream.until("data:");
      while (!seen.contains("\"progress\":0.5")) {
        // The claim shows as an event of its own when a look falls between it and the outcome.
        assertThat(seen).contains("\"progress\":0.0,");
        seen = stream.until("data:");
      }
      store.settle(ref, List.of(succeeded(1)));
      assertThat(stream.until("event: finished")).isNotNull();
      assertThat(stream.until("data:")).contains("\"result\":\"all_succeeded\"");
      assertThat(stream.until("event:")).isNull();
      assertThat(stream.head).contains("Content-Type: text/event-stream");
    }
  }

  @Test
  void refusesMoreStreamsThanAreAllowed() throws IOException {
    BatchRef ref = batch(1);
    try (Stream one = new Stream(ref);
        Stream two = new Stream(ref)) {
      one.until("data:");
      two.until("data:");
      Answer refused =
          get("/v1/batches/" + ref.publicId() + "/events").isProblem(503, "too_many_streams");
      assertThat(refused.header("Retry-After")).isEqualTo("5");
      store.settle(ref, List.of(succeeded(0)));
      assertThat(one.until("event: finished")).isNotNull();
      assertThat(two.until("event: finished")).isNotNull();
    }
  }

  /** A raw client: it would see what a buffer holds back. */
  private final class Stream implements AutoCloseable {
    private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    private final BufferedReader lines;
    private final String head;

    Stream(BatchRef ref) throws IOException {
      socket.setSoTimeout(10_000);
      String request =
          "GET /v1/batches/"
              + ref.publicId()
              + "/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
              + "Connection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      StringBuilder text = new StringBuilder();
      for (String line = lines.readLine(); !line.isEmpty(); line = lines.readLine()) {
        text.append(line).append('\n');
      }
      head = text.toString();
    }

    /** Gives the next line that begins so; null at the end. */
    String until(String start) throws IOException {
      String line = lines.readLine();
      while (line != null && !line.startsWith(start)) {
        line = lines.readLine();
      }
      return line;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
