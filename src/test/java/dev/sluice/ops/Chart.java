package dev.sluice.ops;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The chart of this repository, rendered by Helm itself as the release {@code demo}. */
final class Chart {

  static final Path DIRECTORY = Path.of("helm", "sluice");

  /** The smallest values that give several replicas. */
  static final String POSTGRESQL =
      "store: {kind: postgresql, postgresql: {existingSecret: database}}\n";

  private Chart() {}

  /** Gives what is installed, by kind and name; throws with Helm's words when it refuses. */
  static Map<String, Node> render(String values) {
    return render(DIRECTORY, values);
  }

  /** Gives the pod of {@code helm test}, which Helm leaves out of what is installed. */
  static Node renderTest(String values) {
    try {
      Path copy = Files.createTempDirectory("chart");
      try {
        FileSystemUtils.copyRecursively(DIRECTORY, copy);
        Path hook = copy.resolve("templates/tests/batch.yaml");
        Files.writeString(hook, Files.readString(hook).replace("helm.sh/hook: test\n", "a: b\n"));
        return object(render(copy, values), "Pod/demo-sluice-test");
      } finally {
        FileSystemUtils.deleteRecursively(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Node> render(Path chart, String values) {
    TemplateCommand command =
        new Helm(chart)
            .template()
            .withName("demo")
            .withNamespace("tools")
            .withKubeVersion("1.31.0");
    Map<String, Node> objects = new TreeMap<>();
    try {
      Path file = Files.createTempFile("values", ".yaml");
      try {
        Files.writeString(file, values);
        if (!values.isEmpty()) {
          command = command.withValuesFile(file);
        }
        for (Object document : yaml(command.call())) {
          if (document != null) {
            Node node = new Node(document);
            objects.put(node.at("kind").value() + "/" + node.at("metadata", "name").value(), node);
          }
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return objects;
  }

  /** Gives documents in which no key is there twice. */
  static Iterable<Object> yaml(String text) {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(strict)).loadAll(text);
  }

  static Node object(Map<String, Node> objects, String key) {
    return Objects.requireNonNull(objects.get(key), key + " of " + objects.keySet());
  }

  /** A place in a rendered object. */
  record Node(Object value) {

    Node at(Object... path) {
      Object here = value;
      for (Object step : path) {
        Object next =
            step instanceof Integer index
                ? ((List<?>) here).get(index)
                : ((Map<?, ?>) here).get(step);
        here = Objects.requireNonNull(next, step + " in " + here);
      }
      return new Node(here);
    }

    Map<?, ?> map() {
      return (Map<?, ?>) value;
    }

    Set<Object> keys() {
      return new LinkedHashSet<>(map().keySet());
    }

    List<?> list() {
      return (List<?>) value;
    }

    /** Gives the elements of a list, or nothing when there is no such list. */
    Stream<Node> each(String key) {
      return map().get(key) instanceof List<?> list
          ? list.stream().map(element -> new Node(Objects.requireNonNull(element)))
          : Stream.empty();
    }
  }
}
