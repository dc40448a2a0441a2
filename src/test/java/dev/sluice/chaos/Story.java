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

  /**
   * One life of a process.
   *
   * @param duplicateBound items that its end may have sent twice
   * @param doubtBound items that its end may have left in doubt
   */
  record Run(int number, Instant startedAt, Instant endedAt, int duplicateBound, int doubtBound) {}

  /** Result lines of a batch that a client has read, which must never change. */
  static final class Reported {
    private long lastSeq;
    private final Map<Integer, Line> lines = new ConcurrentHashMap<>();

    /**
     * A line as it was read.
     *
     * @param run in which
     */
    record Line(int run, String text) {}

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

  synchronized void ended(Run run) {
    runs.add(run);
  }

  synchronized List<Run> runs() {
    return List.copyOf(runs);
  }
}
