package dev.sluice.hostile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Replies that are huge, or never end and come as fast as the client reads. */
final class EndlessFaults {

  private static final String BLOCK = "x".repeat(16 * 1024);
  private static final String CHUNK = "4000\r\n" + BLOCK + "\r\n";
  private static final String TEN_GIGABYTES = "Content-Length: 10737418240";
  private static final int MEBIBYTE = 1024 * 1024;

  private static final String BOMB = bomb();
  private static final byte[] HUGE_HEAD =
      ("HTTP/1.1 200 OK\r\nX-Huge: " + "y".repeat(MEBIBYTE) + "\r\n\r\n")
          .getBytes(StandardCharsets.ISO_8859_1);

  private static final Expectation TOO_LARGE = Expectation.inDoubt("protocol", "reset");

  static final List<Fault> ALL =
      List.of(
          Fault.reply(
                  "infinite-body",
                  "200 and chunks without end",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Transfer-Encoding: chunked");
                    wire.sendForEver(CHUNK, Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "infinite-body-paced",
                  "200 and chunks without end, 1.6 MB/s",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Transfer-Encoding: chunked");
                    wire.sendForEver(CHUNK, Duration.ofMillis(10));
                  })
              .flooding(),
          Fault.reply(
                  "infinite-refusal",
                  "400 and chunks without end",
                  Expectation.refused(),
                  wire -> {
                    wire.startReply(400, "Transfer-Encoding: chunked");
                    wire.sendForEver(CHUNK, Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "infinite-body-without-length",
                  "200 and a body that only the connection's end would end",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Connection: close");
                    wire.sendForEver(BLOCK, Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "huge-body",
                  "200 and 10 GB",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, TEN_GIGABYTES);
                    wire.sendForEver(BLOCK, Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "tiny-chunks",
                  "200 and chunks of one byte without end, 250 a second",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Transfer-Encoding: chunked");
                    wire.sendForEver("1\r\nx\r\n".repeat(5), Duration.ofMillis(20));
                  })
              .flooding()
              .untilDeadline(),
          Fault.reply(
                  "gzip-bomb",
                  "200 and gzip that unpacks a thousandfold, without end",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Content-Encoding: gzip", "Connection: close");
                    wire.sendForEver(BOMB, Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "huge-headers",
                  "200 and one header of 1 MiB",
                  TOO_LARGE,
                  wire -> {
                    wire.send(HUGE_HEAD);
                    wire.awaitEnd();
                  })
              .flooding(),
          Fault.reply(
                  "infinite-headers",
                  "200 and header lines without end",
                  TOO_LARGE,
                  wire -> {
                    wire.send("HTTP/1.1 200 OK\r\n");
                    wire.sendForEver("X-More: and more\r\n".repeat(100), Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "infinite-status-line",
                  "a status line without end",
                  TOO_LARGE,
                  wire -> {
                    wire.send("HTTP/1.1 200 ");
                    wire.sendForEver(BLOCK, Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "infinite-chunk-size",
                  "200 and a chunk size line without end",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Transfer-Encoding: chunked");
                    wire.send("5;");
                    wire.sendForEver(BLOCK, Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "infinite-trailers",
                  "200 and its last chunk, then trailers without end",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Transfer-Encoding: chunked");
                    wire.send("0\r\n");
                    wire.sendForEver("X-More: and more\r\n".repeat(100), Duration.ZERO);
                  })
              .flooding(),
          Fault.reply(
                  "endless-100",
                  "100 Continue without end",
                  Expectation.inDoubt("deadline"),
                  wire -> wire.sendForEver("HTTP/1.1 100 Continue\r\n\r\n", Duration.ofMillis(20)))
              .flooding()
              .untilDeadline(),
          Fault.reply(
                  "endless-103",
                  "103 Early Hints without end",
                  Expectation.inDoubt("deadline"),
                  wire ->
                      wire.sendForEver(
                          "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", Duration.ofMillis(20)))
              .flooding()
              .untilDeadline());

  private EndlessFaults() {}

  /** A gzip member of 10 MiB of zeros: about 10 KiB. */
  private static String bomb() {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      byte[] zeros = new byte[MEBIBYTE];
      for (int i = 0; i < 10; i++) {
        gzip.write(zeros);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toString(StandardCharsets.ISO_8859_1);
  }
}
