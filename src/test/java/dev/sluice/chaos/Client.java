package dev.sluice.chaos;

import dev.sluice.fixture.SluiceClient;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Brings submissions in, step by step, so that the next process can go on where one died. */
final class Client implements AutoCloseable {

  private static final String OPTIONS =
      "&retry.minBackoff=50ms&retry.maxBackoff=400ms&retry.maxAttempts=6";
  private static final String OPTIONS_JSON =
      "\"retry\":{\"minBackoff\":\"50ms\",\"maxBackoff\":\"400ms\",\"maxAttempts\":6}";

  private final SluiceClient http;

  /**
   * @param roots of the processes to speak to in turn
   */
  Client(Supplier<List<URI>> roots) {
    http = new SluiceClient(roots);
  }

  SluiceClient http() {
    return http;
  }

  /** An answer that asks to come again, as a store that is stopping gives. */
  static final class TryAgain extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    TryAgain(SluiceClient.Answer answer) {
      super(answer.status() + " " + answer.json());
      status = answer.status();
    }

    TryAgain(int status) {
      super(Integer.toString(status));
      this.status = status;
    }

    /** Tells whether the service was not there, rather than busy with the same. */
    boolean isUnavailable() {
      return status == 503;
    }
  }

  /** An answer that nobody expected. */
  static final class Unexpected extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unexpected(String call, SluiceClient.Answer answer) {
      super(call + " was answered with " + answer.status() + " " + answer.json());
    }
  }

  /**
   * Goes on with a submission until the client knows what became of it.
   *
   * @throws java.io.UncheckedIOException when the process is gone
   */
  void advance(Submission submission) {
    switch (submission.form()) {
      case KEYED, KEYLESS -> submit(submission);
      case BROKEN -> refuse(submission);
      case CHUNKED -> chunk(submission);
    }
  }

  private void submit(Submission submission) {
    boolean keyed = submission.form() == Submission.Form.KEYED;
    if (!keyed) {
      submission.asked();
    }
    SluiceClient.Answer answer =
        post(query(submission), submission.lines(0, submission.count()), keyed ? submission : null);
    submission.accepted(expect("submit", answer, 202, 200).batchId());
  }

  private void refuse(Submission submission) {
    SluiceClient.Answer answer =
        post(query(submission), submission.lines(0, submission.count()), null);
    var _ = expect("broken submit", answer, 400);
    submission.refused();
  }

  private void chunk(Submission submission) {
    String id = submission.batchId();
    if (id == null) {
      String body =
          "{\"open\":true,\"name\":\"%s\",\"options\":{\"delivery\":\"%s\",%s}}"
              .formatted(submission.name(), submission.delivery(), OPTIONS_JSON);
      SluiceClient.Answer opened =
          http.send(
              http.request("/v1/batches")
                  .timeout(TIMEOUT)
                  .header("Content-Type", "application/json")
                  .header("Idempotency-Key", submission.name())
                  .POST(BodyPublishers.ofString(body)));
      id = expect("open", opened, 201, 202, 200).batchId();
      submission.opened(id);
    }
    while (submission.storedCount() < submission.count()) {
      int from = submission.storedCount();
      int to = Math.min(submission.count(), from + submission.chunkSize());
      SluiceClient.Answer stored =
          http.send(
              http.request("/v1/batches/" + id + "/items?offset=" + from)
                  .timeout(TIMEOUT)
                  .header("Content-Type", "application/x-ndjson")
                  .POST(submission.lines(from, to)));
      int total = expect("append", stored, 200).json().path("total").asInt();
      if (total != to) {
        throw new Unexpected("append at " + from + " up to " + to, stored);
      }
      submission.stored(to);
    }
    SluiceClient.Answer sealed =
        http.post("/v1/batches/" + id + "/seal", "{\"expectedItems\":" + submission.count() + "}");
    submission.accepted(expect("seal", sealed, 202, 200).batchId());
  }

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private static String query(Submission submission) {
    return "/v1/batches?name="
        + submission.name()
        + "&delivery="
        + submission.delivery()
        + "&expectedItems="
        + submission.count()
        + OPTIONS;
  }

  private SluiceClient.Answer post(String uri, BodyPublisher body, @Nullable Submission keyed) {
    var request =
        http.request(uri)
            .timeout(TIMEOUT)
            .header("Content-Type", "application/x-ndjson")
            .POST(body);
    if (keyed != null) {
      request.header("Idempotency-Key", keyed.name());
    }
    return http.send(request);
  }

  /** Gives the answer when it has one of these statuses. */
  static SluiceClient.Answer expect(String call, SluiceClient.Answer answer, int... statuses) {
    for (int status : statuses) {
      if (answer.status() == status) {
        return answer;
      }
    }
    String code = answer.json().path("code").asString("");
    if (answer.status() == 503
        || code.equals("append_in_progress")
        || code.equals("submission_in_progress")) {
      throw new TryAgain(answer);
    }
    throw new Unexpected(call, answer);
  }

  @Override
  public void close() {
    http.close();
  }
}
