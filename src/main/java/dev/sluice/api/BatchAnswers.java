package dev.sluice.api;

import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchReader.ResultPage;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ItemFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Answers that show a batch: after a submission, a control call, a redrive and on a read. */
@Component
public class BatchAnswers {

  private static final int PAGE = 500;

  private final BatchReader reader;
  private final BatchViews views;
  private final BatchWatch watch;
  private final ApiSettings settings;

  BatchAnswers(BatchReader reader, BatchViews views, BatchWatch watch, ApiSettings settings) {
    this.reader = reader;
    this.views = views;
    this.watch = watch;
    this.settings = settings;
  }

  /**
   * Finds a batch.
   *
   * @throws ApiProblem 404 when there is none
   */
  public BatchRecord find(String tenant, String publicId) {
    return reader.batch(tenant, publicId).orElseThrow(() -> ApiProblem.batchNotFound(publicId));
  }

  /**
   * Answers with the batch as it is now, its {@code Location}, and {@code Prefer: wait} honoured.
   *
   * @param unlessFinished the status while it runs; a batch that finished within the wait answers
   *     200, with its results when it is small
   * @param prefer the request's {@code Prefer} header
   * @param replayed adds {@code Idempotency-Replayed: true}
   */
  public ResponseEntity<Object> answer(
      String tenant,
      BatchRef batch,
      HttpStatus unlessFinished,
      @Nullable String prefer,
      boolean replayed) {
    HttpHeaders headers = new HttpHeaders();
    headers.set(HttpHeaders.LOCATION, BatchView.path(batch.publicId()));
    headers.setCacheControl("no-store");
    if (replayed) {
      headers.set("Idempotency-Replayed", "true");
    }
    Duration wait = Preference.wait(prefer).orElse(null);
    if (wait == null) {
      return ResponseEntity.status(unlessFinished)
          .headers(headers)
          .body(views.view(find(tenant, batch.publicId())));
    }
    Duration granted = wait.compareTo(settings.maxWait()) > 0 ? settings.maxWait() : wait;
    AtomicReference<BatchRecord> seen = new AtomicReference<>(find(tenant, batch.publicId()));
    boolean waited =
        watch.await(
            granted,
            () -> seen.updateAndGet(_ -> find(tenant, batch.publicId())).state().isTerminal());
    if (waited) {
      headers.set("Preference-Applied", "wait=" + granted.toSeconds());
    }
    BatchRecord record = seen.get();
    boolean finished = waited && record.state().isTerminal();
    return ResponseEntity.status(finished ? HttpStatus.OK : unlessFinished)
        .headers(headers)
        .body(finished ? withResults(record) : views.view(record));
  }

  private BatchView withResults(BatchRecord batch) {
    BatchView view = views.view(batch);
    if (batch.counts().total() > settings.waitResults()) {
      return view;
    }
    List<ResultView> all = new ArrayList<>();
    long after = 0;
    boolean end = false;
    while (!end) {
      ResultPage page = reader.results(batch.ref(), ItemFilter.ALL, after, PAGE, false);
      page.results().forEach(result -> all.add(ResultView.of(result)));
      after = page.lastSeq();
      end = page.end();
    }
    return view.withResults(all);
  }
}
