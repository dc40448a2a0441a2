package dev.sluice.intake;

import dev.sluice.model.Header;

/** What intake says of a header field, for tests of what is done with it. */
public final class HeaderAdmission {

  private HeaderAdmission() {}

  /** Tells whether an item may bring the field. */
  public static boolean admits(Header field) {
    return HeaderRules.nameProblem(field.name()) == null
        && HeaderRules.valueProblem(field.value()) == null;
  }
}
