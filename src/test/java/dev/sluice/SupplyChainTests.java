package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the build says of itself; that it refuses what is not pinned is in the build. */
class SupplyChainTests {

  private static final String TIME =
      pom("<project.build.outputTimestamp>([^<]+)</project.build.outputTimestamp>").getFirst();

  private static List<String> pom(String pattern) {
    try {
      return Pattern.compile(pattern)
          .matcher(Files.readString(Path.of("pom.xml")))
          .results()
          .map(match -> match.group(1))
          .toList();
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }

  private static InputStream resource(String name) {
    return SluiceApplication.class.getClassLoader().getResourceAsStream(name);
  }

  @Test
  void listsWhatTheJarIsMadeOf() throws IOException {
    JsonNode list;
    try (InputStream file = resource("META-INF/sbom/application.cdx.json")) {
      list = JsonMapper.builder().build().readTree(file);
    }
    assertThat(list.path("bomFormat").asString()).isEqualTo("CycloneDX");
    assertThat(list.path("metadata").path("component").path("name").asString()).isEqualTo("sluice");
    List<String> names =
        list.path("components").valueStream().map(each -> each.path("name").asString()).toList();
    assertThat(names)
        .contains(
            "sqlite-jdbc", "postgresql", "lz4-java", "tink", "reactor-netty-http", "spring-webmvc")
        .doesNotContain("junit-jupiter-api", "archunit");
    assertThat(list.path("components").valueStream())
        .allSatisfy(
            each -> {
              assertThat(each.path("version").asString()).isNotEmpty();
              assertThat(each.path("purl").asString()).startsWith("pkg:maven/");
              assertThat(each.path("hashes").isEmpty()).isFalse();
            });
  }

  @Test
  void nothingInTheJarTellsWhenItWasMade() throws IOException {
    Properties info = new Properties();
    try (InputStream file = resource("META-INF/build-info.properties")) {
      info.load(file);
    }
    assertThat(info.getProperty("build.time")).isEqualTo(TIME);
    try (InputStream file = resource("META-INF/sbom/application.cdx.json")) {
      JsonNode metadata = JsonMapper.builder().build().readTree(file).path("metadata");
      assertThat(metadata.path("timestamp").asString(TIME)).isEqualTo(TIME);
    }
  }
}
