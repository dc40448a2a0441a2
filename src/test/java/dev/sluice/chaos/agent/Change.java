package dev.sluice.chaos.agent;

/** One way to break a class. */
public sealed interface Change {

  /** Gives the class that is broken. */
  String className();

  /** A call in a method is left out; it gives 0, false or null. */
  record NoCall(String className, String method, String call) implements Change {}

  /**
   * A text in string constants, such as SQL, is another one.
   *
   * @param to in which {@code %p} stands for the process id
   */
  record Text(String className, String from, String to) implements Change {}

  /**
   * A boolean, int or long parameter has another value than the caller gave.
   *
   * @param parameter its position, from 0
   */
  record Argument(String className, String method, int parameter, int value) implements Change {}
}
