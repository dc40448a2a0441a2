package dev.sluice.store;

/** Tenant names. */
public final class Tenants {

  /** The tenant of everything while no authentication is configured. */
  public static final String DEFAULT = "default";

  private Tenants() {}
}
