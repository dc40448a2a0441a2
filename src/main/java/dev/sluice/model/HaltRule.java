package dev.sluice.model;

/** The rules by which a batch stops by itself. */
public enum HaltRule {
  /** Too many of its items did not succeed. */
  FAILURE_RATIO,
  /** Its credential was refused again and again. */
  AUTHENTICATION,
  /** Too many of its first items did not succeed. */
  CANARY
}
