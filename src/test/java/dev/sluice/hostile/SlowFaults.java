package dev.sluice.hostile;

import java.time.Duration;
import java.util.List;

/** What never ends because it never gets anywhere. */
final class SlowFaults {

  private static final Duration GAP = Duration.ofMillis(100);

  private static final Expectation NO_REPLY = Expectation.inDoubt("deadline");

  static final List<Fault> ALL =
      List.of(
          Fault.reply("silence", "reads everything and never answers", NO_REPLY, Wire::awaitEnd)
              .untilDeadline(),
          Fault.path(
                  "stop-reading",
                  "never reads beyond the request's first line",
                  NO_REPLY,
                  wire -> wire.pause(Duration.ofSeconds(30)))
              .untilDeadline()
              .withRequestOf(32 * 1024),
          Fault.reply(
                  "drip-status-line",
                  "a status line without end, a byte every 100 ms",
                  NO_REPLY,
                  wire -> {
                    wire.drip("HTTP/1.1 200 ", GAP);
                    dripForEver(wire, "O");
                  })
              .untilDeadline(),
          Fault.reply(
                  "drip-headers",
                  "headers without end, a byte every 100 ms",
                  NO_REPLY,
                  wire -> {
                    wire.send("HTTP/1.1 200 OK\r\n");
                    dripForEver(wire, "X-Drip: drop\r\n");
                  })
              .untilDeadline(),
          Fault.reply(
                  "drip-body",
                  "200, then a body of a byte every 100 ms",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Content-Length: 1000000");
                    dripForEver(wire, "x");
                  })
              .untilDeadline(),
          Fault.reply(
                  "drip-refusal",
                  "400, then a body of a byte every 100 ms",
                  Expectation.refused(),
                  wire -> {
                    wire.startReply(400, "Content-Length: 1000000");
                    dripForEver(wire, "x");
                  })
              .untilDeadline(),
          Fault.reply(
                  "drip-chunk-extension",
                  "200, then a chunk extension of a byte every 100 ms",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Transfer-Encoding: chunked");
                    wire.send("5;");
                    dripForEver(wire, "x");
                  })
              .untilDeadline(),
          Fault.reply(
                  "drip-trailers",
                  "200 and its last chunk, then trailers of a byte every 100 ms",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Transfer-Encoding: chunked");
                    wire.send("0\r\n");
                    dripForEver(wire, "X-Drip: drop\r\n");
                  })
              .untilDeadline(),
          Fault.reply(
                  "body-that-stops",
                  "200, ten bytes of a thousand promised, then silence",
                  Expectation.succeeds(),
                  wire -> {
                    wire.startReply(200, "Content-Length: 1000");
                    wire.send("ten bytes.");
                    wire.awaitEnd();
                  })
              .untilDeadline());

  private SlowFaults() {}

  private static void dripForEver(Wire wire, String text) throws java.io.IOException {
    while (true) {
      wire.drip(text, GAP);
    }
  }
}
