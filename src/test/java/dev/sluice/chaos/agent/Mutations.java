package dev.sluice.chaos.agent;

import dev.sluice.chaos.agent.Mutation.Net;
import java.util.List;
import java.util.stream.Stream;

/** What the laboratory must notice, and what is left out to see what it costs. */
public final class Mutations {

  private static final String STORE = "dev.sluice.store.jdbc.";
  private static final String DISPATCH = "dev.sluice.dispatch.";
  private static final String EGRESS = "dev.sluice.attempt.egress.";
  private static final String INTAKE = "dev.sluice.intake.";

  private static final List<Mutation> ALL =
      List.of(
          new Mutation(
              "answer-before-commit",
              "Callers are answered before the commit",
              Net.KILL,
              List.of(new Change.NoCall(STORE + "GroupCommit", "runGroup", "Connection.commit"))),
          new Mutation(
              "synchronous-normal",
              "Commits are not synced",
              Net.POWER,
              List.of(
                  new Change.Text(
                      STORE + "SqliteFile", "synchronous = FULL", "synchronous = NORMAL"),
                  new Change.Text(STORE + "GroupCommit", "FULL", "NORMAL"))),
          new Mutation(
              "forget-outcomes",
              "A claim does not load the outcomes of earlier holders",
              Net.KILL,
              List.of(
                  new Change.Text(
                      STORE + "ShardContents",
                      "WHERE o.batch_id = ? AND o.idx",
                      "WHERE 0 AND o.batch_id = ? AND o.idx"))),
          new Mutation(
              "forget-intents",
              "Whoever takes over sends again what must not be sent twice",
              List.of(Net.KILL, Net.REPLICA_KILL),
              List.of(
                  new Change.Text(
                      STORE + "UnresolvedIntents",
                      "FROM intent WHERE shard_id = ?",
                      "FROM intent WHERE 1 = 0 AND shard_id = ?"))),
          new Mutation(
              "skip-intent",
              "What must not be sent twice is sent without an intent on disk",
              Net.KILL,
              List.of(new Change.NoCall(STORE + "Settling", "intend", "Intents.insert"))),
          new Mutation(
              "convict-at-once",
              "An item is poison the first time a process ends",
              Net.CONTRACT,
              List.of(new Change.Text(STORE + "Suspects", "VALUES (?, ?, 1)", "VALUES (?, ?, 2)"))),
          new Mutation(
              "maybe-sent-is-not-sent",
              "A broken exchange counts as not sent",
              Net.KILL,
              List.of(
                  new Change.Argument("dev.sluice.attempt.VerdictClassifier", "failure", 1, 0))),
          new Mutation(
              "keep-leases",
              "Nobody takes over the leases of who is gone",
              List.of(Net.KILL, Net.REPLICA_KILL),
              List.of(
                  new Change.Text(
                      STORE + "Takeover", "SET state = 0, lease_owner = NULL,", "SET state = 2,"))),
          new Mutation(
              "finish-early",
              "A batch is over before its last items",
              Net.KILL,
              List.of(
                  new Change.Text(STORE + "Counters", "b.total <= (", "b.total <= 40 + ("),
                  new Change.Text(
                      STORE + "Finishing",
                      "AND total <= coalesce((",
                      "AND total <= 40 + coalesce(("),
                  new Change.Text(
                      STORE + "Finishing",
                      "AND b.total <= coalesce((",
                      "AND b.total <= 40 + coalesce(("))),
          new Mutation(
              "settle-anew",
              "A second outcome takes the place of the first, and lost ones come back",
              Net.CONTRACT,
              List.of(
                  new Change.Text(
                      STORE + "OutcomeRows",
                      "INSERT INTO outcome",
                      "INSERT OR REPLACE INTO outcome"),
                  new Change.Text(STORE + "OutcomeRows", "ON CONFLICT DO NOTHING", ""))),
          new Mutation(
              "no-fence",
              "Neither token nor owner count: a late worker settles under another's lease",
              List.of(Net.CONTRACT, Net.REPLICA_ZOMBIE),
              List.of(
                  new Change.Text(
                      STORE + "Settling",
                      "settled_count, lease_owner, lease_token",
                      "settled_count, 0, lease_token"),
                  new Change.NoCall(STORE + "Settling", "held", "Owner.id"),
                  new Change.Text(
                      STORE + "Settling",
                      "WHERE id = ? AND lease_owner = ?",
                      "WHERE id = ? AND ? >= 0"),
                  new Change.Text(STORE + "Claims", "crashes, lease_token", "crashes, 0"),
                  new Change.Text(
                      STORE + "Claims",
                      "AND state = 0 AND lease_token = ?",
                      "AND state = 0 AND ? = 0"))),
          new Mutation(
              "forget-attempts",
              "A claim does not load the attempts of earlier holders",
              Net.CONTRACT,
              List.of(
                  new Change.Text(
                      STORE + "ShardContents",
                      "FROM attempt\nWHERE batch_id",
                      "FROM attempt\nWHERE 0 AND batch_id"))),
          new Mutation(
              "no-drain",
              "SIGTERM does not wait for running exchanges",
              Net.TERM,
              List.of(
                  new Change.NoCall(DISPATCH + "Dispatcher", "stop", "Dispatcher.awaitRunning"))),
          new Mutation(
              "no-lock",
              "Two processes open one data directory",
              Net.ZOMBIE,
              List.of(
                  new Change.Text(STORE + "DirectoryLock", "sluice.lock", "sluice.lock-of-%p"))),
          new Mutation(
              "deaf-peers",
              "Nobody notices that a replica is silent",
              Net.REPLICA_KILL,
              List.of(
                  new Change.Text(
                      STORE + "Replicas",
                      "AND state = 0 AND beat = ?",
                      "AND state = 0 AND beat = -1 - ?"))),
          new Mutation(
              "hold-for-ever",
              "A replica goes on though it is not heard",
              Net.PARTITION,
              List.of(new Change.Argument(STORE + "Membership", "areHeld", 0, 0))));

  /** No fault to find: without what asks where and what is sent, to measure what that costs. */
  public static final Mutation UNGUARDED =
      new Mutation(
          "unguarded",
          "Nothing asks where items go, and what their headers hold",
          List.of(),
          List.of(
              new Change.NoCall("dev.sluice.attempt.UrlCache", "entry", "EgressPolicy.check"),
              new Change.NoCall(EGRESS + "GuardedResolverGroup$Guarded", "vet", "List.forEach"),
              new Change.NoCall(EGRESS + "ConnectGuard", "connect", "EgressPolicy.checkDial"),
              new Change.NoCall(INTAKE + "HeadersReader", "field", "HeaderRules.nameProblem"),
              new Change.NoCall(INTAKE + "HeadersReader", "value", "HeaderRules.valueProblem"),
              new Change.NoCall(INTAKE + "ItemReader", "headers", "HeaderRules.listProblem")));

  private Mutations() {}

  /** Gives all that is to be noticed. */
  public static List<Mutation> all() {
    return ALL;
  }

  /** Gives one by its name. */
  public static Mutation named(String name) {
    return Stream.concat(ALL.stream(), Stream.of(UNGUARDED))
        .filter(mutation -> mutation.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("No mutation " + name));
  }
}
