package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;

/** What the page about configuration promises. */
class ConfigurationPageTests {

  @TempDir Path directory;

  @Test
  void everyVariableOfThePageIsAProperty() throws IOException {
    Set<String> known = properties();
    Set<String> named =
        Pattern.compile("\\bSLUICE_[A-Z_]+[A-Z]")
            .matcher(
                Files.readString(Path.of("src/docs/configuration.md"))
                    + Files.readString(Path.of("README.md")))
            .results()
            .map(use -> use.group().toLowerCase(Locale.ROOT).replace("_", ""))
            .collect(Collectors.toSet());
    assertThat(named).hasSizeGreaterThan(1);
    assertThat(named).allMatch(known::contains);
  }

  @Test
  void aMountedSecretIsAPropertyHoweverKubernetesLinksIt() throws IOException {
    // As a volume of a Secret looks: the files are links into a directory that is exchanged.
    Path secret = Files.createDirectories(directory.resolve("secrets/keys"));
    Path data = Files.createDirectory(secret.resolve("..2026_01_01"));
    Files.writeString(data.resolve("sluice.ops.refresh"), "7s\n");
    Files.createSymbolicLink(secret.resolve("..data"), data);
    Files.createSymbolicLink(
        secret.resolve("sluice.ops.refresh"), secret.resolve("..data/sluice.ops.refresh"));
    Files.writeString(
        Files.createDirectories(directory.resolve("secrets/more")).resolve("other.key"), "value");

    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(Empty.class)
            .web(WebApplicationType.NONE)
            .run(
                "--spring.config.import=configtree:"
                    + directory
                    + "/secrets/*/,optional:configtree:"
                    + directory
                    + "/absent/")) {
      ConfigurableEnvironment environment = context.getEnvironment();
      assertThat(environment.getProperty("sluice.ops.refresh", Duration.class))
          .isEqualTo(Duration.ofSeconds(7));
      assertThat(environment.getProperty("other.key")).isEqualTo("value");
    }
  }

  private static Set<String> properties() {
    try (InputStream metadata =
        SluiceApplication.class
            .getClassLoader()
            .getResourceAsStream("META-INF/spring-configuration-metadata.json")) {
      return Pattern.compile("\"name\": \"(sluice\\.[a-z0-9.-]+)\"")
          .matcher(
              new String(Objects.requireNonNull(metadata).readAllBytes(), StandardCharsets.UTF_8))
          .results()
          .map(name -> name.group(1).replaceAll("[.-]", ""))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class Empty {}
}
