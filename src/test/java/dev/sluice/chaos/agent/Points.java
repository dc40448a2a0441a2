package dev.sluice.chaos.agent;

import static dev.sluice.chaos.agent.Place.after;
import static dev.sluice.chaos.agent.Place.before;
import static dev.sluice.chaos.agent.Place.entry;
import static dev.sluice.chaos.agent.Place.exit;

import dev.sluice.chaos.agent.Point.Need;
import java.util.List;

/** The points at which a crash matters: around each commit, each send and each answer. */
public final class Points {

  private static final String STORE = "dev.sluice.store.jdbc.";
  private static final String DISPATCH = "dev.sluice.dispatch.";
  private static final String COMMIT = STORE + "GroupCommit";
  private static final String START = STORE + "SqliteStore";
  private static final String TAKEOVER = STORE + "Takeover";
  private static final String QUEUE = STORE + "JdbcShardQueue";
  private static final String DISPATCHER = DISPATCH + "Dispatcher";
  private static final String SUBMISSIONS = "dev.sluice.intake.SubmissionController";
  private static final String REDRIVE = "dev.sluice.control.Redrive";

  private static final List<Point> ALL =
      List.of(
          // The one writer.
          load("commit.before", 60, before(COMMIT, "runGroup", "Connection.commit")),
          load("commit.after", 60, after(COMMIT, "runGroup", "Connection.commit")),
          load("commit.answered", 60, exit(COMMIT, "runGroup")),
          load("commit.unit", 60, entry(COMMIT, "runUnit")),
          load("commit.sync-changed", 20, after(COMMIT, "setSynced", "Statement.execute")),
          // Intake.
          load("intake.created", 3, exit(STORE + "BatchIntake", "create")),
          load("intake.appended", 3, exit(STORE + "BatchIntake", "append")),
          load("intake.committed", 3, exit(STORE + "BatchIntake", "commit")),
          load("intake.answer", 3, exit(SUBMISSIONS, "submit")),
          point("chunk.answer", Need.CHUNKS, 3, exit(SUBMISSIONS, "append")),
          point("seal.before", Need.CHUNKS, 2, entry(STORE + "Sealing", "seal").of(5)),
          point("seal.after", Need.CHUNKS, 2, exit(STORE + "Sealing", "seal").of(5)),
          point("seal.answer", Need.CHUNKS, 2, exit(SUBMISSIONS, "seal")),
          point("upload.abandoned", Need.BROKEN_UPLOAD, 1, exit(STORE + "BatchIntake", "abandon")),
          point("upload.removed", Need.BROKEN_UPLOAD, 1, exit(STORE + "Uploads", "remove")),
          // Claims.
          load("claim.granted", 10, exit(STORE + "Claims", "grant")),
          load("claim.committed", 5, after(QUEUE, "claimTogether", "StoreWriter.writeForgettable")),
          load("claim.loaded", 5, exit(QUEUE, "claim")),
          // Intents.
          load("intend.begun", 20, entry(STORE + "Settling", "intend")),
          load("intend.written", 20, exit(STORE + "Settling", "intend")),
          load("intend.committed", 20, exit(QUEUE, "intend")),
          load("intend.taken", 20, exit(DISPATCH + "FlowIntents", "committed")),
          // A send.
          load("lane.begin", 1500, entry(DISPATCH + "LaneLoop", "begin")),
          load("lane.begun", 1500, exit(DISPATCH + "LaneLoop", "begin")),
          load("send.writing", 1500, entry("dev.sluice.attempt.Exchange$Running", "writing")),
          load("verdict.taken", 1500, entry(DISPATCH + "LaneLoop$Running", "finish")),
          load("verdict.settled", 1500, exit(DISPATCH + "Settler", "settle")),
          // Outcomes.
          load("outcomes.before", 15, entry(DISPATCH + "OutcomeWriter$Group", "tryCommit")),
          load("outcomes.after", 15, exit(DISPATCH + "OutcomeWriter$Group", "tryCommit")),
          load("settle.begun", 15, entry(STORE + "Settling", "settle").of(3)),
          load("settle.rows", 100, exit(STORE + "OutcomeRows", "insert").of(4)),
          load("settle.counters", 15, exit(STORE + "Counters", "store")),
          load("settle.done", 15, exit(STORE + "Settling", "settle").of(3)),
          load("settle.committed", 15, exit(QUEUE, "settle")),
          load("finish", 3, exit(STORE + "Finishing", "finish")),
          // The next start.
          point("takeover.begin", Need.START, 1, entry(START, "takeOver")),
          point("takeover.step", Need.START, 2, after(TAKEOVER, "follow", "Session.update")),
          point(
              "takeover.judged", Need.START, 1, exit(STORE + "UnresolvedIntents", "resolve").of(1)),
          point("takeover.commit", Need.START, 1, before(START, "takeOver", "Connection.commit")),
          point("takeover.taken", Need.START, 1, after(START, "takeOver", "Connection.commit")),
          point(
              "retention.payloads",
              Need.START,
              1,
              after(STORE + "Retention", "dropPayloads", "Session.update")),
          // Control.
          point("pause", Need.PAUSE, 2, exit(STORE + "Transitions", "pause")),
          point("resume", Need.PAUSE, 2, exit(STORE + "Transitions", "resume")),
          point("cancel", Need.CANCEL, 2, exit(STORE + "Transitions", "cancel")),
          point("close.shard", Need.CANCEL, 2, exit(STORE + "ShardClosing", "close").of(6)),
          point(
              "redrive.marked",
              Need.REDRIVE,
              1,
              after(REDRIVE, "copy", "BatchWriter.markRedriven")),
          point("redrive.filled", Need.REDRIVE, 1, exit(REDRIVE, "fill")),
          // The end of a process.
          point("stop.begin", Need.TERM, 1, entry(DISPATCHER, "stop")),
          point("stop.fed", Need.TERM, 1, after(DISPATCHER, "stop", "ShardFeeder.stop")),
          point("stop.drained", Need.TERM, 1, exit(DISPATCHER, "awaitRunning")),
          point("stop.given-back", Need.TERM, 1, exit(STORE + "Settling", "giveBack")),
          point("stop.stored", Need.TERM, 1, after(DISPATCHER, "stop", "OutcomeWriter.stop")));

  private Points() {}

  /** Gives all of them. */
  public static List<Point> all() {
    return ALL;
  }

  /** Gives one by its name. */
  public static Point named(String name) {
    return ALL.stream()
        .filter(point -> point.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("No point " + name));
  }

  private static Point load(String name, int most, Place place) {
    return point(name, Need.LOAD, most, place);
  }

  private static Point point(String name, Need need, int most, Place place) {
    return new Point(name, need, most, place);
  }
}
