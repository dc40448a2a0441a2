package dev.sluice.report;

import dev.sluice.api.BatchAnswers;
import dev.sluice.api.BatchView;
import dev.sluice.api.BatchViews;
import dev.sluice.api.Caller;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.model.BatchState;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.StateReason;
import dev.sluice.store.BatchReader.FlowState;
import dev.sluice.store.BatchRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Explains what holds a batch. */
@Tag(name = "Batches")
@Requires(Role.READ)
@RestController
@RequestMapping(path = "/v1/batches", produces = MediaType.APPLICATION_JSON_VALUE)
final class ExplainController {

  private final BatchAnswers answers;
  private final BatchViews views;
  private final ProcessClock clock;

  ExplainController(BatchAnswers answers, BatchViews views, ProcessClock clock) {
    this.answers = answers;
    this.views = views;
    this.clock = clock;
  }

  /**
   * What holds a batch.
   *
   * @param waitingOn what holds items back
   * @param destinations what each destination was doing for this batch, at most a second ago
   */
  record Explanation(
      String id,
      BatchState state,
      @Nullable StateReason stateReason,
      boolean stalled,
      List<BatchView.Waiting> waitingOn,
      List<FlowView> destinations) {}

  /** What a destination was doing for a batch. */
  record FlowView(
      String destination,
      int inFlight,
      int waitingItems,
      @Nullable String waitingOn,
      @Nullable Instant until,
      double ratePerSecond) {}

  @Operation(summary = "Explain what holds a batch, per destination")
  @GetMapping("/{id}/explain")
  Explanation explain(@AuthenticationPrincipal Caller caller, @PathVariable String id) {
    BatchRecord batch = answers.find(caller.tenant(), id);
    List<FlowState> flows = views.flows(batch);
    BatchView view = views.view(batch, flows);
    Instant now = clock.instant();
    return new Explanation(
        view.id(),
        view.state(),
        view.stateReason(),
        view.stalled(),
        view.waitingOn(),
        flows.stream().map(flow -> flow(flow, now)).toList());
  }

  private static FlowView flow(FlowState flow, Instant now) {
    BatchView.Waiting wait = BatchViews.waiting(flow, now);
    return new FlowView(
        flow.destination().destination().key(),
        flow.snapshot().inFlight(),
        flow.snapshot().waitingCount(),
        wait == null ? null : wait.reason(),
        wait == null ? null : wait.until(),
        flow.snapshot().ratePerSecond());
  }
}
