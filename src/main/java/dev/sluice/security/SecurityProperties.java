package dev.sluice.security;

import java.util.List;
import java.util.Locale;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may call the API.
 *
 * @param insecure lets the API listen beyond loopback without asking anybody who they are; every
 *     start says so as WARN, and {@code sluice_security_insecure} is 1
 * @param allowedHosts names by which clients may address this process in {@code Host}, beside those
 *     of loopback; needed when a proxy on this machine passes its own name on. When it is empty any
 *     name will do beyond loopback
 */
@ConfigurationProperties(prefix = "sluice.security", ignoreUnknownFields = false)
record SecurityProperties(
    @DefaultValue("false") boolean insecure, @DefaultValue List<String> allowedHosts) {

  SecurityProperties {
    for (String host : allowedHosts) {
      if (host.isBlank() || host.contains("/") || host.endsWith(":") || host.contains("*")) {
        throw new IllegalArgumentException(
            "sluice.security.allowed-hosts takes names without scheme, port and path, such as"
                + " sluice.example.com, was "
                + host);
      }
    }
    allowedHosts = allowedHosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
  }
}
