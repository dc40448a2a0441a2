package dev.sluice.bench;

import java.util.List;

/** A sender in a process of its own. */
interface Contender extends AutoCloseable {

  /**
   * Sends and waits for the last reply.
   *
   * @return a round for each way in which the contender is measured, in the order of {@link #names}
   */
  List<Round> send(int items, int concurrency);

  /** Gives what its rounds are called in tables. */
  List<String> names();

  /** Gives its process. */
  long pid();

  @Override
  void close();
}
