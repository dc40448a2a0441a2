package dev.sluice.report;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchAnswers;
import dev.sluice.api.BatchView;
import dev.sluice.api.BatchViews;
import dev.sluice.api.BatchWatch;
import dev.sluice.api.Caller;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Streams the progress of a batch as server-sent events, on the request's own thread. */
@Tag(name = "Batches")
@Requires(Role.READ)
@RestController
@RequestMapping("/v1/batches")
final class EventsController {

  private static final Duration RETRY = Duration.ofSeconds(5);

  private final BatchAnswers answers;
  private final BatchViews views;
  private final BatchWatch watch;
  private final ProcessClock clock;
  private final JsonMapper json;
  private final ReportSettings settings;
  private final Semaphore streams;

  EventsController(
      BatchAnswers answers,
      BatchViews views,
      BatchWatch watch,
      ProcessClock clock,
      JsonMapper json,
      ReportSettings settings) {
    this.answers = answers;
    this.views = views;
    this.watch = watch;
    this.clock = clock;
    this.json = json;
    this.settings = settings;
    this.streams = new Semaphore(settings.maxEventStreams());
  }

  @Operation(
      summary = "Follow a batch as server-sent events",
      description =
          "An event `progress` with the batch whenever it changed, a comment as heartbeat, and"
              + " `finished` with the batch at the end, after which the stream closes.",
      responses =
          @ApiResponse(
              responseCode = "200",
              description = "Events",
              content =
                  @Content(
                      mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
                      schema = @Schema(type = "string"))))
  @GetMapping(path = "/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  void events(
      @AuthenticationPrincipal Caller caller, @PathVariable String id, HttpServletResponse response)
      throws IOException {
    BatchRecord batch = answers.find(caller.tenant(), id);
    if (!streams.tryAcquire()) {
      throw new ApiProblem(
              503, "too_many_streams", "Too many event streams are open; try again or poll")
          .retryAfter(RETRY);
    }
    try {
      response.setContentType(MediaType.TEXT_EVENT_STREAM_VALUE);
      response.setCharacterEncoding(StandardCharsets.UTF_8);
      response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
      response.setHeader("X-Accel-Buffering", "no");
      follow(caller, batch, response.getOutputStream());
    } finally {
      streams.release();
    }
  }

  private void follow(Caller caller, BatchRecord first, OutputStream out) throws IOException {
    BatchRecord batch = first;
    String shown = "";
    long spoken = clock.nanoTime();
    write(out, "retry: " + RETRY.toMillis() + "\n\n");
    while (true) {
      BatchView view = views.view(batch);
      String data = json.writeValueAsString(view);
      boolean finished = batch.state().isTerminal();
      if (finished || !data.equals(shown)) {
        write(out, "event: " + (finished ? "finished" : "progress") + "\ndata: " + data + "\n\n");
        shown = data;
        spoken = clock.nanoTime();
      } else if (clock.nanoTime() - spoken >= settings.heartbeat().toNanos()) {
        write(out, ": heartbeat\n\n");
        spoken = clock.nanoTime();
      }
      if (finished || !watch.rest(settings.eventInterval())) {
        return;
      }
      batch = answers.find(caller.tenant(), batch.ref().publicId());
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
