package dev.sluice.dispatch;

/** Ways to break the sharing of limits on purpose: each must be found. */
enum ShareMutation {
  /** A store that lets a share grow before the others' have shrunk. */
  GROW_FIRST,
  /** A store that gives away what a replica still goes by. */
  SHRINK_IN_THE_STORE_FIRST,
  /** A store that keeps the share of whoever does not come back. */
  NEVER_END,
  /** A store that believes a renewal which a later one has overtaken. */
  BELIEVE_THE_OVERTAKEN,
  /** A replica that goes by its share for as long as it hears nothing. */
  SEND_ON,
  /** A replica that says it wants all whatever it can use. */
  WANT_EVERYTHING
}
