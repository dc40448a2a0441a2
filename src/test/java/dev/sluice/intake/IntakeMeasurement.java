package dev.sluice.intake;

import com.sun.management.OperatingSystemMXBean;
import dev.sluice.api.Quotas;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.stream.IntStream;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Measures what intake costs per item, without HTTP and without a store: process CPU and wall time
 * of a bare token walk over the lines, and of the whole way to encoded shards. Properties: {@code
 * items} (1000000), {@code bytes} (300), {@code rounds} (6); the first rounds warm the JIT up.
 */
public final class IntakeMeasurement {

  private static final int BLOCK = 1000;
  private static final OperatingSystemMXBean OS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private IntakeMeasurement() {}

  /** Runs all rounds and prints a line for each. */
  public static void main(String[] args) throws Exception {
    int items = Integer.getInteger("items", 1_000_000);
    int rounds = Integer.getInteger("rounds", 6);
    byte[] block = block(Integer.getInteger("bytes", 300));
    for (int round = 1; round <= rounds; round++) {
      report("walk", items, () -> walk(stream(block, items)));
      report("intake", items, () -> take(stream(block, items), null));
      report("intake+key", items, () -> take(stream(block, items), "k"));
    }
  }

  private static byte[] block(int bytes) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < BLOCK; i++) {
      String start =
          "{\"id\":\"order-"
              + (100_000 + i)
              + "\",\"url\":\"http://h"
              + i % 4
              + ".example:8080/v1/orders/"
              + (100_000 + i)
              + "\",\"headers\":{\"X-Tenant\":\"t-1\"},\"body\":{\"n\":"
              + i
              + ",\"pad\":\"";
      lines.append(start).append("x".repeat(Math.max(0, bytes - start.length() - 4)));
      lines.append("\"}}\n");
    }
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static InputStream stream(byte[] block, int items) {
    return new SequenceInputStream(
        Collections.enumeration(
            IntStream.range(0, items / BLOCK)
                .mapToObj(_ -> new ByteArrayInputStream(block))
                .toList()));
  }

  private static void walk(InputStream in) {
    ContentStream content =
        ContentStream.open(in, false, TestLimits.DEFAULT, ProcessClock.system(), null);
    ByteFeed feed = new ByteFeed(content, 1 << 20);
    while (feed.nextLine() != ByteFeed.Cut.END) {
      try (JsonParser parser = StrictJson.parser(feed.buffer(), feed.start(), feed.end())) {
        JsonToken token;
        do {
          token = parser.nextToken();
        } while (token != null);
      }
    }
  }

  private static void take(InputStream in, String key) {
    try (UploadResources resources =
        UploadResources.of(
            TestLimits.DEFAULT, ProcessClock.system(), Quotas.NONE, ItemSecrets.NONE)) {
      new Submissions(sink(), resources, _ -> false, DispatchObserver.NONE)
          .submit(
              new IncomingRequest("default", null, "application/x-ndjson", key, null, false, in));
    }
  }

  private static BatchWriter sink() {
    return (BatchWriter)
        Proxy.newProxyInstance(
            IntakeMeasurement.class.getClassLoader(),
            new Class<?>[] {BatchWriter.class},
            (_, method, _) ->
                switch (method.getName()) {
                  case "begin", "submit" -> new BatchWriter.Begun.Created(new BatchRef(1, "bat_1"));
                  case "beginUpload" ->
                      new BatchWriter.BegunUpload.Opened(new BatchRef(1, "bat_1"), 1);
                  case "openUpload" -> new BatchWriter.UploadOpening.Opened(1, 0);
                  default -> null;
                });
  }

  private static void report(String name, int items, Runnable work) {
    long cpu = OS.getProcessCpuTime();
    long wall = System.nanoTime();
    work.run();
    System.out.printf(
        Locale.ROOT,
        "%-10s %6.2f us CPU an item, %6.2f us wall%n",
        name,
        (OS.getProcessCpuTime() - cpu) / 1e3 / items,
        (System.nanoTime() - wall) / 1e3 / items);
  }
}
