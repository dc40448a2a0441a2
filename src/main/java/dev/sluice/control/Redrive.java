package dev.sluice.control;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Quotas;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.Item;
import dev.sluice.model.Origin;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchReader.ResultPage;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.BatchWriter.UploadSummary;
import dev.sluice.store.NewBatch;
import dev.sluice.store.ResultRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Makes a child batch of chosen terminal items: streams them page by page from the parent's results
 * into new shards, so memory does not grow with their number.
 */
@Component
final class Redrive {

  private static final int PAGE = 64;
  private static final Duration TOUCH = Duration.ofSeconds(10);

  private final BatchReader reader;
  private final BatchWriter writer;
  private final ProcessClock clock;
  private final DispatchObserver observer;

  Redrive(
      BatchReader reader,
      BatchWriter writer,
      ProcessClock clock,
      ObjectProvider<DispatchObserver> observers) {
    this.reader = reader;
    this.writer = writer;
    this.clock = clock;
    this.observer = observers.getIfAvailable(() -> DispatchObserver.NONE);
  }

  /** A redrive without anything to do: 422. */
  static ApiProblem nothing(String why) {
    return new ApiProblem(422, "nothing_to_redrive", why);
  }

  /** Gives the child about to be made: the parent's options, without times that are over. */
  NewBatch child(BatchRecord parent, @Nullable String idempotencyKey) {
    BatchOptions of = parent.options();
    Instant deadline = of.deadline();
    BatchOptions options =
        of.change()
            .notBefore(null)
            .deadline(deadline != null && deadline.isAfter(clock.instant()) ? deadline : null)
            .build();
    return new NewBatch(
        parent.tenant(),
        parent.name(),
        parent.metadata(),
        options,
        null,
        false,
        idempotencyKey,
        null,
        parent.ref().id());
  }

  /** Counts what a redrive would take. */
  long count(BatchRecord parent, RedriveRequest request) {
    long count = 0;
    long after = 0;
    boolean end = false;
    while (!end) {
      ResultPage page = reader.results(parent.ref(), request.filter(), after, PAGE, false);
      count += fresh(parent.ref(), page).size();
      after = page.lastSeq();
      end = page.end();
    }
    return count;
  }

  /**
   * Where the items go.
   *
   * @param uploadId the child's upload
   * @param fingerprint of the request
   * @param allowance asked for the items of every page
   */
  record Target(long uploadId, byte[] fingerprint, Quotas.Allowance allowance) {}

  /**
   * Fills and seals the child; when that fails, nothing of it is left.
   *
   * @return items taken
   */
  long fill(BatchRecord parent, RedriveRequest request, Target target) {
    boolean sealed = false;
    try {
      long taken = copy(parent, request, target);
      sealed = true;
      return taken;
    } finally {
      if (!sealed) {
        writer.abandon(target.uploadId());
      }
    }
  }

  private long copy(BatchRecord parent, RedriveRequest request, Target target) {
    long uploadId = target.uploadId();
    ChildShards shards = new ChildShards(writer, uploadId);
    long index = 0;
    long after = 0;
    long touched = clock.nanoTime();
    boolean end = false;
    while (!end) {
      ResultPage page = reader.results(parent.ref(), request.filter(), after, PAGE, true);
      List<ResultRecord> fresh = fresh(parent.ref(), page);
      for (ResultRecord result : fresh) {
        shards.add(
            result.destination(), childItem(parent.ref(), result, index++, request.keepKeys()));
      }
      target
          .allowance()
          .take(fresh.size(), fresh.stream().mapToLong(result -> bodyBytes(result.input())).sum());
      if (!fresh.isEmpty()) {
        writer.markRedriven(
            uploadId,
            parent.ref().id(),
            fresh.stream().map(result -> result.outcome().index()).toList());
      }
      if (clock.nanoTime() - touched > TOUCH.toNanos()) {
        shards.flush();
        touched = clock.nanoTime();
      }
      after = page.lastSeq();
      end = page.end();
    }
    if (index == 0) {
      throw nothing("No item matches that is terminal, not succeeded and not redriven before");
    }
    shards.flush();
    writer.commitAndSeal(
        uploadId, new UploadSummary(index, shards.byteCount(), target.fingerprint()));
    observer.batchAccepted(index);
    return index;
  }

  private static long bodyBytes(@Nullable Item input) {
    return input == null ? 0 : input.request().body().length;
  }

  /** Leaves out what was redriven before. */
  private List<ResultRecord> fresh(BatchRef parent, ResultPage page) {
    if (page.results().isEmpty()) {
      return List.of();
    }
    Set<Long> indexes =
        page.results().stream().map(result -> result.outcome().index()).collect(Collectors.toSet());
    Set<Long> redriven = reader.redriven(parent, indexes);
    List<ResultRecord> fresh = new ArrayList<>();
    for (ResultRecord result : page.results()) {
      if (!redriven.contains(result.outcome().index())) {
        fresh.add(result);
      }
    }
    return fresh;
  }

  private static Item childItem(
      BatchRef parent, ResultRecord result, long index, boolean keepKeys) {
    Item input = result.input();
    if (input == null) {
      throw payloadExpired(parent);
    }
    Origin first =
        input.origin() == null ? new Origin(parent.publicId(), input.index()) : input.origin();
    return new Item(
        index,
        input.id(),
        input.request(),
        input.orderingKey(),
        input.credential(),
        keepKeys ? first : null);
  }

  static ApiProblem payloadExpired(BatchRef parent) {
    return new ApiProblem(
        410, "payload_expired", "The inputs of batch " + parent.publicId() + " are no longer kept");
  }
}
