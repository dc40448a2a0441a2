package dev.sluice.chaos;

import dev.sluice.chaos.agent.ChaosAgent;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/** The agent as a jar, made of the compiled tests. */
public final class AgentJar {

  private AgentJar() {}

  /** Writes it into a directory. */
  public static Path in(Path directory) throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.putValue("Premain-Class", ChaosAgent.class.getName());
    Path jar = directory.resolve("chaos-agent.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest);
        Stream<Path> classes = Files.list(classes())) {
      for (Path path : (Iterable<Path>) classes.sorted()::iterator) {
        String folder = ChaosAgent.class.getPackageName().replace('.', '/');
        out.putNextEntry(new JarEntry(folder + "/" + path.getFileName()));
        Files.copy(path, out);
        out.closeEntry();
      }
    }
    return jar;
  }

  private static Path classes() throws IOException {
    try {
      Path root =
          Path.of(ChaosAgent.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return root.resolve(ChaosAgent.class.getPackageName().replace('.', '/'));
    } catch (java.net.URISyntaxException impossible) {
      throw new IOException("The compiled tests have no place", impossible);
    }
  }
}
