package dev.sluice.api;

import dev.sluice.model.BatchState;
import dev.sluice.model.Counts;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchReader.FlowState;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.FlowSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes the view of a batch from its record and what its flows last published. */
@Component
public class BatchViews {

  /** Most flows looked at for rate and waits. */
  private static final int MAX_FLOWS = 1000;

  private static final int MAX_WAITS = 100;

  /** Held for the batch as a whole: what of it is in no lane waits as well. */
  private static final String CANARY = "canary";

  private final BatchReader reader;
  private final ProcessClock clock;
  private final ApiSettings settings;

  BatchViews(BatchReader reader, ProcessClock clock, ApiSettings settings) {
    this.reader = reader;
    this.clock = clock;
    this.settings = settings;
  }

  /** Gives the view of a batch as it is now. */
  public BatchView view(BatchRecord batch) {
    return view(batch, flows(batch));
  }

  /** Gives what the flows of a batch were doing; nothing when it does not run. */
  public List<FlowState> flows(BatchRecord batch) {
    return batch.state().isDispatchable() || batch.state() == BatchState.CANCELLING
        ? reader.flows(batch.ref(), MAX_FLOWS)
        : List.of();
  }

  /** Gives the view of a batch with flows read before. */
  public BatchView view(BatchRecord batch, List<FlowState> flows) {
    Counts counts = batch.counts();
    double rate = flows.stream().mapToDouble(flow -> flow.snapshot().ratePerSecond()).sum();
    BatchRecord.Times times = batch.times();
    return new BatchView(
        batch.ref().publicId(),
        batch.name(),
        batch.state(),
        batch.reason(),
        result(batch.state(), counts),
        BatchView.CountsView.of(counts),
        batch.attempts(),
        progress(batch),
        Math.round(rate * 100) / 100.0,
        eta(batch, rate),
        waits(batch, flows),
        times.lastOutcomeAt(),
        stalled(batch),
        batch.metadata(),
        times.createdAt(),
        times.sealedAt(),
        times.startedAt(),
        times.pausedAt(),
        times.cancelledAt(),
        times.finishedAt(),
        batch.options().deadline(),
        batch.options().concurrency(),
        DestinationView.RateView.of(batch.options().rate()),
        batch.options().weight(),
        BatchView.HaltOnView.of(batch.options().haltOn()),
        batch.parentId(),
        BatchView.Links.of(batch.ref().publicId(), batch.parentId()),
        null);
  }

  private static @Nullable String result(BatchState state, Counts counts) {
    if (state != BatchState.COMPLETED) {
      return null;
    }
    if (counts.succeeded() == counts.total()) {
      return "all_succeeded";
    }
    return counts.succeeded() == 0 ? "none_succeeded" : "some_failed";
  }

  private static double progress(BatchRecord batch) {
    Counts counts = batch.counts();
    if (counts.total() == 0) {
      return batch.state().isTerminal() ? 1 : 0;
    }
    return Math.floor(10_000.0 * counts.settled() / counts.total()) / 10_000;
  }

  private static @Nullable Long eta(BatchRecord batch, double rate) {
    long remaining = batch.counts().total() - batch.counts().settled();
    if (batch.state().isTerminal() || rate <= 0) {
      return null;
    }
    return (long) Math.ceil(remaining / rate);
  }

  private boolean stalled(BatchRecord batch) {
    Counts counts = batch.counts();
    Instant moved = batch.times().lastOutcomeAt();
    if (moved == null) {
      moved = batch.times().startedAt();
    }
    return batch.state() == BatchState.RUNNING
        && counts.settled() < counts.total()
        && moved != null
        && moved.plus(settings.stalledAfter()).isBefore(clock.instant());
  }

  private List<BatchView.Waiting> waits(BatchRecord batch, List<FlowState> flows) {
    long remaining = batch.counts().total() - batch.counts().settled();
    if (batch.state() == BatchState.PAUSED) {
      return List.of(new BatchView.Waiting("paused", null, remaining, null));
    }
    if (batch.state() == BatchState.SCHEDULED) {
      return List.of(
          new BatchView.Waiting("not_before", null, remaining, batch.options().notBefore()));
    }
    Instant now = clock.instant();
    List<BatchView.Waiting> waits = new ArrayList<>();
    long held = batch.heldFrom() == null ? 0 : batch.counts().total() - batch.heldFrom();
    if (held > 0 && batch.state().isDispatchable()) {
      waits.add(new BatchView.Waiting(CANARY, null, held, null));
    }
    for (FlowState flow : flows) {
      BatchView.Waiting wait = waiting(flow, now);
      if (wait != null && !wait.reason().equals(CANARY) && waits.size() < MAX_WAITS) {
        waits.add(wait);
      }
    }
    return waits;
  }

  /** Gives what holds a flow: the strongest reason first; null when nothing does. */
  public static BatchView.@Nullable Waiting waiting(FlowState flow, Instant now) {
    DestinationRecord at = flow.destination();
    FlowSnapshot snapshot = flow.snapshot();
    String key = at.destination().key();
    if (at.paused() != null) {
      return new BatchView.Waiting(
          "destination_paused", key, snapshot.waitingCount(), at.paused().until());
    }
    if (at.parkedUntil() != null && at.parkedUntil().isAfter(now)) {
      String reason = at.parkReason() == null ? "hold" : at.parkReason();
      return new BatchView.Waiting(reason, key, snapshot.waitingCount(), at.parkedUntil());
    }
    return snapshot.waitingOn() == null
        ? null
        : new BatchView.Waiting(
            snapshot.waitingOn(), key, snapshot.waitingCount(), snapshot.until());
  }
}
