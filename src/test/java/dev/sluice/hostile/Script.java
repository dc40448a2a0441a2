package dev.sluice.hostile;

import java.io.IOException;

/** What the server does with a connection; on a virtual thread, so it may block. */
@FunctionalInterface
interface Script {

  /**
   * Serves one request, or the whole connection where no path chose the script. The connection is
   * kept for another request unless the script closed it.
   *
   * @throws IOException when the peer went away, which ends the connection and nothing else
   */
  void serve(Wire wire) throws IOException;

  /** Gives a script that reads the whole request first. */
  static Script afterRequest(Script then) {
    return wire -> {
      wire.readRequest();
      then.serve(wire);
    };
  }
}
