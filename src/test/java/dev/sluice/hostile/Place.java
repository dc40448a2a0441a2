package dev.sluice.hostile;

/** Where a fault is met. */
sealed interface Place {

  /** At a path of the plain port, with the fault's name as its path. */
  record Path(Script script) implements Place {}

  /** At a port of its own, where no path can be read first. */
  record Port(String scheme, Listening listening) implements Place {}

  /** What listens at a port. */
  @FunctionalInterface
  interface Listening {

    /**
     * Begins.
     *
     * @param port 0 for a free one
     */
    Door open(int port, Oracle oracle) throws java.io.IOException;
  }
}
