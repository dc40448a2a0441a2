package dev.sluice.api;

import dev.sluice.store.Tenants;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

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

  /** Gives who makes the call that this thread serves; null when nobody knows. */
  public static @Nullable Caller current() {
    Authentication known = SecurityContextHolder.getContext().getAuthentication();
    return known != null && known.getPrincipal() instanceof Caller caller ? caller : null;
  }

  /** Tells whether this caller may do what a role may. */
  public boolean may(Role role) {
    return roles.contains(role) || roles.contains(Role.ADMIN);
  }
}
