package dev.sluice.model;

/** What may happen to an item whose reply was lost. */
public enum Delivery {
  /** It is sent again. */
  AT_LEAST_ONCE,
  /** It is never sent again. */
  AT_MOST_ONCE
}
