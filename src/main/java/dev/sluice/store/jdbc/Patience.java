package dev.sluice.store.jdbc;

/**
 * How long whoever asks for a unit of work wants to wait for it. A store of one process has no need
 * to know.
 */
enum Patience {
  /** A caller waits for a short answer: {@code sluice.store.answer-within}, all in all. */
  SHORT,

  /**
   * A caller waits for what may take long, such as a search or a piece of an upload: for as long as
   * the database is heard.
   */
  WHILE_HEARD,

  /** Nobody waits for it: as long as its statements may take. */
  LONG;

  /** Tells whether somebody waits for the answer. */
  boolean isOfACaller() {
    return this != LONG;
  }
}
