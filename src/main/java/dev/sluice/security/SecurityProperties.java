package dev.sluice.security;

import dev.sluice.api.Role;
import dev.sluice.store.Tenants;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may call the API.
 *
 * @param insecure lets the API listen beyond loopback without asking anybody who they are; every
 *     start says so as WARN, and {@code sluice_security_insecure} is 1
 * @param allowedHosts names by which clients may address this process in {@code Host}, beside those
 *     of loopback; needed when a proxy on this machine passes its own name on. When it is empty any
 *     name will do beyond loopback
 * @param keys API keys that are let in, by the hash of each; at most two of one client
 * @param oidc whose tokens are let in
 * @param failuresPerSecond refused credentials from one address (IPv6: one /64) in a second before
 *     more of them answer 429, 1 to 1,000
 * @param quota what any tenant may have
 * @param tenantQuotas what single tenants may have instead, by their names
 * @param requestsPerAddress most requests that one address beyond loopback may have running; 0
 *     bounds nobody. Raise it when a proxy brings everybody's
 * @param auditKeep how long the record of who did what is kept, 1 day or more
 */
@ConfigurationProperties(prefix = "sluice.security", ignoreUnknownFields = false)
record SecurityProperties(
    @DefaultValue("false") boolean insecure,
    @DefaultValue List<String> allowedHosts,
    @DefaultValue List<ApiKey> keys,
    @NestedConfigurationProperty @DefaultValue OidcProperties oidc,
    @DefaultValue("10") int failuresPerSecond,
    @NestedConfigurationProperty @DefaultValue QuotaProperties quota,
    @DefaultValue Map<String, QuotaProperties> tenantQuotas,
    @DefaultValue("128") int requestsPerAddress,
    @DefaultValue("365d") Duration auditKeep) {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,62}");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9-]{1,32}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final int LIVE_KEYS = 2;

  SecurityProperties {
    for (String host : allowedHosts) {
      require(
          !host.isBlank() && !host.contains("/") && !host.endsWith(":") && !host.contains("*"),
          "sluice.security.allowed-hosts takes names without scheme, port and path, such as"
              + " sluice.example.com, was "
              + host);
    }
    allowedHosts = allowedHosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
    keys = List.copyOf(keys);
    requireDistinct(keys);
    require(
        failuresPerSecond >= 1 && failuresPerSecond <= 1000,
        "sluice.security.failures-per-second must be 1..1000, was " + failuresPerSecond);
    tenantQuotas = Map.copyOf(tenantQuotas);
    require(
        requestsPerAddress >= 0,
        "sluice.security.requests-per-address must not be negative, was " + requestsPerAddress);
    require(
        auditKeep.compareTo(Duration.ofDays(1)) >= 0,
        "sluice.security.audit-keep must be at least 1d, was " + auditKeep);
  }

  /** Tells whether anything says who somebody is. */
  boolean asks() {
    return !keys.isEmpty() || oidc.issuer() != null;
  }

  /** Gives the bounds of a tenant. */
  QuotaProperties quota(String tenant) {
    return tenantQuotas.getOrDefault(tenant, quota);
  }

  /** Tells whether this can be the name of a tenant or a client. */
  static boolean isName(@Nullable String name) {
    return name != null && NAME.matcher(name).matches();
  }

  /**
   * A key that is let in.
   *
   * @param id the part of the key after {@code slk_}
   * @param client who has it
   * @param tenant whose batches it sees
   * @param roles what it may do
   * @param sha256 SHA-256 of the whole key, 64 lower-case hex digits
   * @param expires when it ends; never when absent
   */
  record ApiKey(
      String id,
      String client,
      @DefaultValue(Tenants.DEFAULT) String tenant,
      Set<Role> roles,
      String sha256,
      @Nullable Instant expires) {

    // A value that was left out arrives as null; the sentence is for the operator.
    @SuppressWarnings("NullAway")
    ApiKey {
      require(
          id != null && ID.matcher(id).matches(),
          "sluice.security.keys[].id must be 1 to 32 letters, digits or hyphens, was " + id);
      String key = "sluice.security.keys[" + id + "].";
      require(isName(client), key + "client must be a name, was " + client);
      require(isName(tenant), key + "tenant must be a name, was " + tenant);
      require(roles != null && !roles.isEmpty(), key + "roles must name at least one role");
      require(
          sha256 != null && SHA256.matcher(sha256).matches(),
          key + "sha256 must be the 64 lower-case hex digits of the key's SHA-256");
      roles = Set.copyOf(roles);
    }

    @Override
    public String toString() {
      return "Key[" + id + " of " + client + "]";
    }
  }

  private static void requireDistinct(List<ApiKey> keys) {
    Set<String> ids = new HashSet<>();
    Map<List<String>, Integer> byClient = new HashMap<>();
    for (ApiKey key : keys) {
      require(ids.add(key.id()), "sluice.security.keys has two keys with the id " + key.id());
      require(
          byClient.merge(List.of(key.tenant(), key.client()), 1, Integer::sum) <= LIVE_KEYS,
          "sluice.security.keys has more than two keys of the client "
              + key.client()
              + ": take the oldest out");
    }
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw new IllegalArgumentException(sentence);
    }
  }
}
