package dev.sluice.model;

/** The names of the outbound credentials that operators configured. */
@FunctionalInterface
public interface CredentialNames {

  /** Tells whether there is one of the name. Any thread. */
  boolean knows(String name);
}
