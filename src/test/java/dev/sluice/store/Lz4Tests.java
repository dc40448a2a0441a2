package dev.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.SampleItems;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the library gets into a process: once for each, so each of these is one. */
@NullUnmarked
class Lz4Tests {

  /** Compresses a shard, reads it and what is damaged, and tells by which library. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      byte[] payload = SampleItems.shard(500);
      boolean same =
          ShardDecoder.open(payload).item(499).equals(SampleItems.item(499))
              && payload[ShardEncoder.FLAGS_OFFSET] == ShardEncoder.COMPRESSED;
      int block = ShardEncoder.HEADER_BYTES + ShardEncoder.LENGTH_BYTES;
      int length = ByteBuffer.wrap(payload).getInt(ShardEncoder.HEADER_BYTES);
      boolean refused =
          isRefused(Arrays.copyOf(payload, payload.length - 1), block, length)
              && isRefused(payload, block, length - 1)
              && isRefused(payload, block, length + 1);
      System.out.println(Lz4.FACTORY + (same && refused ? " works" : " fails"));
    }

    private static boolean isRefused(byte[] payload, int block, int length) {
      try {
        ShardCompression.decompress(payload, block, length);
        return false;
      } catch (StoreException e) {
        return e.kind() == StoreException.Kind.CORRUPT;
      }
    }
  }

  private static String probe(String... properties) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of(properties));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Probe.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void isNativeWhereItCanBe() throws Exception {
    assertThat(probe()).contains("LZ4Factory:JNI works");
  }

  @Test
  void worksWithoutNativeCode(@TempDir Path temporary) throws Exception {
    for (String withoutLibrary :
        List.of("-Dos.arch=none", "-Djava.io.tmpdir=" + temporary.resolve("missing"))) {
      assertThat(probe(withoutLibrary))
          .contains("LZ4Factory:JavaSafe works")
          .contains("Payloads are compressed by Java");
    }
  }
}
