package dev.sluice.model;

/** How an item ended; terminal, never changed. */
public enum OutcomeState {
  SUCCEEDED,
  FAILED,
  EXPIRED,
  CANCELLED,
  REJECTED,
  IN_DOUBT
}
