package dev.sluice.store.jdbc;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The database that several replicas share. Without a URL this process keeps its own file.
 *
 * @param url such as {@code jdbc:postgresql://db.example:5432/sluice}; several hosts may be given,
 *     separated by commas: the one that takes writes is used
 * @param username whom to be there; it must own the schema
 * @param password of that user; best given as environment variable or mounted secret
 */
@ConfigurationProperties("spring.datasource")
public record DatabaseProperties(
    @Nullable String url, @Nullable String username, @Nullable String password) {

  private static final String POSTGRES = "jdbc:postgresql:";

  public DatabaseProperties {
    if (url != null && url.isBlank()) {
      url = null;
    }
    if (url != null && !url.startsWith(POSTGRES)) {
      throw new IllegalArgumentException(
          "spring.datasource.url must begin with "
              + POSTGRES
              + "; leave it out to keep everything in the file sluice.store.path");
    }
  }

  /** Without the password. */
  @Override
  public String toString() {
    return "DatabaseProperties[url=" + url + ", username=" + username + "]";
  }
}
