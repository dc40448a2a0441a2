package dev.sluice.model;

/** The states of a batch; {@code EXPIRED} means never sealed. */
public enum BatchState {
  OPEN,
  SCHEDULED,
  QUEUED,
  RUNNING,
  PAUSED,
  CANCELLING,
  COMPLETED,
  CANCELLED,
  EXPIRED;

  /** Tells whether nothing will happen any more. */
  public boolean isTerminal() {
    return this == COMPLETED || this == CANCELLED || this == EXPIRED;
  }

  /** Tells whether items of a batch in this state may be sent. */
  public boolean isDispatchable() {
    return this == QUEUED || this == RUNNING;
  }
}
