package dev.sluice.hostile;

/**
 * One way to misbehave.
 *
 * @param name also its path
 * @param description one line for people: what the server does
 * @param place where it is met, and what is done there
 * @param expectation what must become of items
 * @param endsByDeadline whether only the deadline ends an attempt
 * @param floods whether the server sends so much that other faults would notice
 * @param requestBytes size of the request body that the fault needs
 */
public record Fault(
    String name,
    String description,
    Place place,
    Expectation expectation,
    boolean endsByDeadline,
    boolean floods,
    int requestBytes) {

  private static final int SMALL_BYTES = 16;

  /** A fault of a request that was read whole. */
  static Fault reply(String name, String description, Expectation expectation, Script script) {
    return path(name, description, expectation, Script.afterRequest(script));
  }

  /** A fault that begins when the request's first line was read. */
  static Fault path(String name, String description, Expectation expectation, Script script) {
    return of(name, description, expectation, new Place.Path(script));
  }

  /** A fault at a port of its own. */
  static Fault port(
      String name,
      String description,
      Expectation expectation,
      String scheme,
      Place.Listening listening) {
    return of(name, description, expectation, new Place.Port(scheme, listening));
  }

  private static Fault of(String name, String description, Expectation expectation, Place place) {
    return new Fault(name, description, place, expectation, false, false, SMALL_BYTES);
  }

  /** Says that nothing but the deadline ends an attempt. */
  Fault untilDeadline() {
    return new Fault(name, description, place, expectation, true, floods, requestBytes);
  }

  /** Says that the server sends so much that other faults would notice. */
  Fault flooding() {
    return new Fault(name, description, place, expectation, endsByDeadline, true, requestBytes);
  }

  /** Says how large requests must be. */
  Fault withRequestOf(int bytes) {
    return new Fault(name, description, place, expectation, endsByDeadline, floods, bytes);
  }
}
