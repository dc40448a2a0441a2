package dev.sluice.model;

/** Connections of the outbound pool, summed over all destinations. Cheap enough for a scrape. */
public interface PoolCounts {

  /** Connections carrying an exchange. */
  int acquired();

  /** Connections kept open for the next exchange. */
  int idle();

  /** Exchanges waiting for a connection; stays 0 while pools are larger than lanes. */
  int pending();
}
