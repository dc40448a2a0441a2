package dev.sluice.model;

/** Who may call the API of this process. */
public enum InboundAccess {
  /** Whoever is on this machine: it listens on loopback and asks nobody who they are. */
  LOCAL,
  /** Whoever shows a credential that is configured. */
  AUTHENTICATED,
  /** Whoever reaches the port: it listens beyond loopback without asking, as its operator chose. */
  ANYBODY
}
