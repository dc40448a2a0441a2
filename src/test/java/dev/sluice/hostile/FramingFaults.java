package dev.sluice.hostile;

import java.util.List;

/** Replies whose length is a lie, or said twice. */
final class FramingFaults {

  private static final Expectation UNREADABLE = Expectation.inDoubt("protocol", "reset");

  static final List<Fault> ALL =
      List.of(
          Fault.reply(
              "content-length-too-small",
              "200, five bytes promised, fifty sent",
              Expectation.succeeds(),
              wire -> {
                wire.send(wire.head(200, "Content-Length: 5") + "y".repeat(50));
              }),
          unreadable(
              "two-content-lengths", "two lengths", "Content-Length: 5\r\nContent-Length: 7"),
          unreadable(
              "content-length-and-chunked",
              "Content-Length and Transfer-Encoding",
              "Content-Length: 3\r\nTransfer-Encoding: chunked"),
          unreadable("content-length-negative", "a length of -5", "Content-Length: -5"),
          unreadable("content-length-words", "a length in words", "Content-Length: five"),
          unreadable(
              "content-length-overflow",
              "a length beyond 64 bits",
              "Content-Length: 99999999999999999999"),
          Fault.reply(
              "chunk-size-garbage",
              "200, then a chunk size that is no number",
              Expectation.succeeds(),
              wire -> {
                wire.startReply(200, "Transfer-Encoding: chunked");
                wire.send("zz\r\nhello\r\n0\r\n\r\n");
                wire.awaitEnd();
              }),
          Fault.reply(
              "chunk-size-overflow",
              "200, then a chunk size beyond 64 bits",
              Expectation.succeeds(),
              wire -> {
                wire.startReply(200, "Transfer-Encoding: chunked");
                wire.send("fffffffffffffffff\r\nhello\r\n");
                wire.awaitEnd();
              }),
          Fault.reply(
              "body-on-204",
              "204 with a body",
              Expectation.succeeds(),
              wire -> wire.reply(204, "hello")));

  private FramingFaults() {}

  private static Fault unreadable(String name, String description, String line) {
    return Fault.reply(
        name,
        "200 with " + description,
        UNREADABLE,
        wire -> {
          wire.send("HTTP/1.1 200 OK\r\n" + line + "\r\n\r\nhello");
          wire.awaitEnd();
        });
  }
}
