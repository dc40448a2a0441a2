package dev.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.SampleItems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the library gets into a process: once for each, so each of these is one. */
@NullUnmarked
class Lz4Tests {

  /** Compresses a shard and reads it, tells by which library, and ends as if it were killed. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      byte[] payload = SampleItems.shard(500);
      boolean same =
          ShardDecoder.open(payload).item(499).equals(SampleItems.item(499))
              && payload[ShardEncoder.FLAGS_OFFSET] == ShardEncoder.COMPRESSED;
      System.out.println(Lz4.load() + (same ? " works" : " fails"));
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }
  }

  private static String probe(Path temporary) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-Djava.io.tmpdir=" + temporary,
                    "-cp",
                    System.getProperty("java.class.path"),
                    Probe.class.getName()))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void leavesNoCopyOfItselfBehind(@TempDir Path temporary) throws Exception {
    assertThat(probe(temporary)).contains("LZ4Factory:JNI works");
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void worksWithoutNativeCode(@TempDir Path temporary) throws Exception {
    assertThat(probe(temporary.resolve("missing")))
        .contains("LZ4Factory:JavaSafe works")
        .contains("Payloads are compressed by Java");
  }
}
