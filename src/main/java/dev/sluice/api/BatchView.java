package dev.sluice.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sluice.model.BatchState;
import dev.sluice.model.Counts;
import dev.sluice.model.HaltOn;
import dev.sluice.model.StateReason;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A batch as the API shows it.
 *
 * @param result {@code all_succeeded}, {@code some_failed} or {@code none_succeeded}; null until
 *     completed
 * @param attempts attempts made
 * @param progress items with an outcome ÷ items, 0 to 1, rounded down to four digits
 * @param ratePerSecond items that ended in the last second
 * @param etaSeconds remaining items ÷ rate; null when nothing moves
 * @param waitingOn what holds items back
 * @param stalled whether it should run and nothing has ended for {@code sluice.api.stalled-after}
 * @param deadline when what has no outcome expires; this and the next four as they hold now
 * @param concurrency most attempts in flight for the batch; null when it sets none
 * @param rate of the batch's attempts; null when it sets none
 * @param weight share of a destination beside other batches
 * @param haltOn when it stops by itself
 * @param parentId the batch this one redrives
 * @param results the results; only after a wait, of a small finished batch
 */
public record BatchView(
    String id,
    @Nullable String name,
    BatchState state,
    @Nullable StateReason stateReason,
    @Nullable String result,
    CountsView counts,
    long attempts,
    double progress,
    double ratePerSecond,
    @Nullable Long etaSeconds,
    List<Waiting> waitingOn,
    @Nullable Instant lastOutcomeAt,
    boolean stalled,
    Map<String, String> metadata,
    Instant createdAt,
    @Nullable Instant sealedAt,
    @Nullable Instant startedAt,
    @Nullable Instant pausedAt,
    @Nullable Instant cancelledAt,
    @Nullable Instant finishedAt,
    @Nullable Instant deadline,
    @Nullable Integer concurrency,
    DestinationView.@Nullable RateView rate,
    int weight,
    HaltOnView haltOn,
    @Nullable String parentId,
    Links links,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<ResultView> results) {

  /** Where the items are: {@code total = pending + inFlight + Σ outcomes}. */
  public record CountsView(
      long total,
      long pending,
      long inFlight,
      long succeeded,
      long failed,
      long expired,
      long cancelled,
      long rejected,
      long inDoubt) {

    static CountsView of(Counts counts) {
      return new CountsView(
          counts.total(),
          counts.pending(),
          counts.inFlight(),
          counts.succeeded(),
          counts.failed(),
          counts.expired(),
          counts.cancelled(),
          counts.rejected(),
          counts.inDoubt());
    }
  }

  /**
   * Something that holds items back.
   *
   * @param reason {@code paused}, {@code not_before}, {@code destination_paused}, {@code breaker},
   *     {@code hold}, {@code rate}, {@code concurrency}, {@code retry}, {@code retry_budget},
   *     {@code canary}
   * @param destination null when it holds the whole batch
   * @param items items that wait, of those in memory
   * @param until when the wait may end, when that is known
   */
  public record Waiting(
      String reason, @Nullable String destination, long items, @Nullable Instant until) {}

  /**
   * When a batch stops by itself.
   *
   * @param failureRatio share of outcomes that are no success; null when it is not looked at
   * @param after outcomes before the ratio counts; null without one
   * @param consecutiveAuthFailures refused credentials in a row; 0 when they are not looked at
   * @param action {@code pause} or {@code cancel}
   */
  public record HaltOnView(
      @Nullable Double failureRatio,
      @Nullable Integer after,
      int consecutiveAuthFailures,
      String action) {

    /** Gives the view of a rule. */
    public static HaltOnView of(HaltOn haltOn) {
      return new HaltOnView(
          haltOn.failureRatio(),
          haltOn.failureRatio() == null ? null : haltOn.after(),
          haltOn.consecutiveAuthFailures(),
          haltOn.action().name().toLowerCase(Locale.ROOT));
    }
  }

  /** Where to go from here. */
  public record Links(
      String self,
      String items,
      String results,
      String failures,
      String events,
      String explain,
      @Nullable String parent) {

    static Links of(String id, @Nullable String parentId) {
      String self = path(id);
      return new Links(
          self,
          self + "/items",
          self + "/results",
          self + "/failures",
          self + "/events",
          self + "/explain",
          parentId == null ? null : path(parentId));
    }
  }

  /** Gives the path of a batch. */
  static String path(String id) {
    return "/v1/batches/" + id;
  }

  BatchView withResults(List<ResultView> all) {
    return new BatchView(
        id,
        name,
        state,
        stateReason,
        result,
        counts,
        attempts,
        progress,
        ratePerSecond,
        etaSeconds,
        waitingOn,
        lastOutcomeAt,
        stalled,
        metadata,
        createdAt,
        sealedAt,
        startedAt,
        pausedAt,
        cancelledAt,
        finishedAt,
        deadline,
        concurrency,
        rate,
        weight,
        haltOn,
        parentId,
        links,
        List.copyOf(all));
  }
}
