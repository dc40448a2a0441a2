package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The operator's manual names everything that can be set, with the default that is in force. */
class ReadmeTests {

  private static final String METADATA = "META-INF/spring-configuration-metadata.json";

  private final String readme = read(Path.of("README.md"));

  @Test
  void namesEveryPropertyWithItsDefault() throws IOException {
    List<JsonNode> properties = properties();

    assertThat(properties).hasSizeGreaterThan(30);
    assertThat(properties.stream().map(ReadmeTests::row).filter(row -> !readme.contains(row)))
        .as("rows missing in README.md")
        .isEmpty();
  }

  @Test
  void namesNoPropertyThatDoesNotExist() throws IOException {
    List<String> known =
        properties().stream().map(property -> property.path("name").asString()).toList();

    Stream<String> documented =
        readme
            .lines()
            .filter(line -> line.startsWith("| `sluice."))
            .map(line -> line.substring(3, line.indexOf('`', 3)));

    assertThat(documented.filter(name -> !known.contains(name))).isEmpty();
  }

  private static String row(JsonNode property) {
    String name = property.path("name").asString();
    // A list is shown as [a, b].
    String value =
        property.path("defaultValue").asString("").replaceAll("^\\[|]$", "").replace(", ", ",");
    // A rate is absent unless it is set; the metadata shows the 0 of its type.
    return value.isEmpty() || name.endsWith("-rate.permits")
        ? "| `" + name + "` | none | "
        : "| `" + name + "` | `" + value + "` | ";
  }

  private static List<JsonNode> properties() throws IOException {
    try (InputStream metadata =
        SluiceApplication.class.getClassLoader().getResourceAsStream(METADATA)) {
      return JsonMapper.builder().build().readTree(metadata).path("properties").values().stream()
          .filter(property -> property.path("name").asString().startsWith("sluice."))
          .toList();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }
}
