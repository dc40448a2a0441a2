package dev.sluice.api;

import java.util.Locale;

/** What a caller may do. */
public enum Role {
  /** Bring in batches: submit, append, seal. */
  SUBMIT,
  /** See batches, items and results. */
  READ,
  /** Change, pause, resume, cancel and redrive batches. */
  CONTROL,
  /** All of these, and what concerns every tenant: destinations and the audit record. */
  ADMIN;

  /** Gives the name as configuration and problems show it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
