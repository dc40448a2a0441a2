package dev.sluice.api;

/** JSON pointers, RFC 6901. */
public final class Pointers {

  private static final int MAX_SHOWN = 100;

  private Pointers() {}

  /** Gives the step to a member. */
  public static String to(String name) {
    return "/" + shown(name).replace("~", "~0").replace("/", "~1");
  }

  /** Gives a name short enough to show. */
  public static String shown(String name) {
    return name.length() <= MAX_SHOWN ? name : name.substring(0, MAX_SHOWN) + "…";
  }
}
