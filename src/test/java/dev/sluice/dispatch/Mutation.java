package dev.sluice.dispatch;

/**
 * Ways to break the simulated parts on purpose: each must be found, or the checks are worthless.
 */
enum Mutation {
  /** A store that settles and takes back for whoever asks. */
  DROP_THE_FENCE,
  /** A store that counts what it is given, not what it inserts. */
  COUNT_REPETITIONS,
  /** A takeover that loses the outcomes of what was held. */
  LOSE_OUTCOMES_ON_TAKEOVER,
  /** A takeover after which nothing of what must not go twice is in doubt. */
  FORGET_DOUBT_ON_TAKEOVER,
  /** A takeover that calls an item poison during which a process ended once. */
  CONVICT_AT_ONCE,
  /** A claim that does not tell which items are suspects. */
  FORGET_SUSPECTS_AT_CLAIM,
  /** A store that says that an intent is on disk and keeps none. */
  SKIP_THE_INTENT,
  /** A takeover that leaves leases with the dead. */
  FORGET_LEASES_ON_TAKEOVER,
  /** A claim that does not tell which items have an outcome. */
  FORGET_OUTCOMES_AT_CLAIM,
  /** A claim that does not tell of earlier attempts. */
  FORGET_ATTEMPTS_AT_CLAIM,
  /** A claim that gives a shard away and leaves it there. */
  CLAIM_TWICE,
  /** A store that says of paused batches that they may be sent. */
  IGNORE_PAUSE,
  /** A store that acknowledges a commit and loses it. */
  LOSE_A_COMMIT,
  /** A step that closes shards which somebody holds. */
  CLOSE_WHAT_IS_HELD,
  /** A process that gives shards back before what it settled of them. */
  GIVE_BACK_FIRST,
  /** A process that loses attempts on their way to the store. */
  DROP_ATTEMPTS,
  /** A process that loses an outcome now and then. */
  DROP_AN_OUTCOME,
  /** A process that says success whatever the destination answered. */
  ALWAYS_SUCCEED,
  /** An attempter that says of what it sent that it was not sent. */
  CALL_SENT_UNSENT,
  /** An attempter that now and then gives no verdict, not even when it is cut. */
  GIVE_NO_VERDICT,
  /** An attempter that sends twice. */
  SEND_TWICE
}
