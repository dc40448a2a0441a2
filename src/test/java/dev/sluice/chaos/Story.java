package dev.sluice.chaos;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** All that the clients of one data directory did and were told, over all runs. Any thread. */
final class Story {

  private static final int MAX_FAULTS = 30;
  private static final int RECENT = 12;

  private final AtomicInteger numbers = new AtomicInteger();
  private final Map<String, Submission> submissions = new ConcurrentHashMap<>();
  private final Queue<Submission> unfinished = new ConcurrentLinkedQueue<>();
  private final Queue<Submission> unfinishedPauses = new ConcurrentLinkedQueue<>();
  private final Deque<Submission> recent = new ConcurrentLinkedDeque<>();
  private final Set<String> children = ConcurrentHashMap.newKeySet();
  private final Map<String, Reported> reported = new ConcurrentHashMap<>();
  private final AtomicLong acceptedItems = new AtomicLong();
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final AtomicLong faultCount = new AtomicLong();
  private final List<Run> runs = new ArrayList<>();
  private final AtomicInteger cycles = new AtomicInteger();
  private final Calls calls = new Calls();

  /**
   * One life of a process.
   *
   * @param duplicateBound items that its end may have sent twice
   * @param doubtBound items that its end may have left in doubt
   * @param late whether it stood still, so that what it had begun came when others had gone on
   */
  record Run(
      int number,
      Instant startedAt,
      Instant endedAt,
      int duplicateBound,
      int doubtBound,
      boolean late) {

    /** One that was not late. */
    Run(int number, Instant startedAt, Instant endedAt, int duplicateBound, int doubtBound) {
      this(number, startedAt, endedAt, duplicateBound, doubtBound, false);
    }
  }

  /** Calls of clients that were not answered as they should. Any thread. */
  static final class Calls {
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong broken = new AtomicLong();
    private final AtomicLong unavailable = new AtomicLong();

    /**
     * @param byAll whether no process took it; else one took it and gave no answer
     */
    void failed(boolean byAll) {
      (byAll ? refused : broken).incrementAndGet();
    }

    void unavailable() {
      unavailable.incrementAndGet();
    }

    /** Gives calls that every process refused. */
    long refusedCount() {
      return refused.get();
    }

    /** Gives calls that were taken and not answered. */
    long brokenCount() {
      return broken.get();
    }

    /** Gives calls answered with 503. */
    long unavailableCount() {
      return unavailable.get();
    }
  }

  /** Result lines of a batch that a client has read, which must never change. */
  static final class Reported {
    private long lastSeq;
    private final Map<Integer, Line> lines = new ConcurrentHashMap<>();

    /**
     * A line as it was read.
     *
     * @param at when
     */
    record Line(Instant at, String text) {}

    long lastSeq() {
      return lastSeq;
    }

    /** Gives a line without the response, which is kept for a while only. */
    static String textOf(JsonNode line) {
      JsonNode copy = line.deepCopy();
      if (copy instanceof ObjectNode object) {
        object.remove("response");
      }
      return copy.toString();
    }

    void add(long seq, int index, Line line) {
      lastSeq = seq;
      lines.put(index, line);
    }

    Map<Integer, Line> lines() {
      return lines;
    }
  }

  int nextNumber() {
    return numbers.incrementAndGet();
  }

  void add(Submission submission) {
    submissions.put(submission.name(), submission);
  }

  Collection<Submission> submissions() {
    return submissions.values();
  }

  Queue<Submission> unfinished() {
    return unfinished;
  }

  /** Gives what was paused and is to be resumed. */
  Queue<Submission> unfinishedPauses() {
    return unfinishedPauses;
  }

  void accepted(Submission submission) {
    acceptedItems.addAndGet(submission.count());
    recent.addLast(submission);
    if (recent.size() > RECENT) {
      var _ = recent.pollFirst();
    }
  }

  /** Gives the submissions accepted last. */
  List<Submission> recentlyAccepted() {
    return List.copyOf(recent);
  }

  long acceptedItems() {
    return acceptedItems.get();
  }

  /** Gives the ids of accepted redrives. */
  Set<String> children() {
    return children;
  }

  Reported reported(String batchId) {
    return reported.computeIfAbsent(batchId, _ -> new Reported());
  }

  Map<String, Reported> reported() {
    return reported;
  }

  /** Notes what must not be. */
  void fault(String text) {
    if (faultCount.incrementAndGet() <= MAX_FAULTS) {
      faults.add(text);
    }
  }

  List<String> faults() {
    return List.copyOf(faults);
  }

  long faultCount() {
    return faultCount.get();
  }

  Calls calls() {
    return calls;
  }

  /** Notes that something was done to the processes. */
  void cycle() {
    cycles.incrementAndGet();
  }

  int cycleCount() {
    return cycles.get();
  }

  synchronized void ended(Run run) {
    runs.add(run);
  }

  synchronized List<Run> runs() {
    return List.copyOf(runs);
  }
}
