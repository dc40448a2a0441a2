package dev.sluice.fuzz;

import java.lang.reflect.Constructor;

/**
 * Lets Jazzer choose the input of a {@link FuzzContract}, by what the parser did with earlier
 * input. {@code -Dfuzz.parser} is the name of the contract's class.
 */
public final class JazzerTarget {

  private static final FuzzContract CONTRACT = contract(System.getProperty("fuzz.parser"));

  private JazzerTarget() {}

  private static FuzzContract contract(String name) {
    try {
      Constructor<?> constructor = Class.forName(name).getDeclaredConstructor();
      constructor.setAccessible(true);
      return (FuzzContract) constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(name + " is no contract", e);
    }
  }

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    CONTRACT.parse(input);
  }
}
