package dev.sluice.api;

import dev.sluice.store.Tenants;
import java.util.EnumSet;
import java.util.Set;

/**
 * Who calls, as the credential tells; nothing in a request changes it. Handlers take it as
 * {@code @AuthenticationPrincipal}.
 *
 * @param name the client, for logs and the audit record
 * @param tenant whose batches it sees
 * @param roles what it may do
 */
public record Caller(String name, String tenant, Set<Role> roles) {

  /** Whoever calls while nobody is asked who they are. */
  public static final Caller ANYBODY =
      new Caller("anybody", Tenants.DEFAULT, EnumSet.allOf(Role.class));

  public Caller {
    roles = Set.copyOf(roles);
  }

  /** Tells whether this caller may do what a role may. */
  public boolean may(Role role) {
    return roles.contains(role) || roles.contains(Role.ADMIN);
  }
}
