package dev.sluice.hostile;

import dev.sluice.model.OutcomeState;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;

/** Connections that end at byte k of a request or of a reply. */
final class BreakFaults {

  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

  /** A reset overtakes what was written just before it. */
  private static final Duration ARRIVE = Duration.ofMillis(20);

  private static final Expectation LOST = Expectation.inDoubt("reset", "protocol");

  static final List<Fault> ALL =
      List.of(
          Fault.path(
              "reset-in-request-head", "RST after the first line of a request", LOST, Wire::reset),
          Fault.path(
                  "reset-in-request-body",
                  "RST in the middle of a request's body",
                  LOST,
                  wire -> {
                    wire.readHead();
                    wire.readBody(wire.bodyBytes() / 2);
                    wire.reset();
                  })
              .withRequestOf(32 * 1024),
          Fault.reply("reset-after-request", "RST instead of a reply", LOST, Wire::reset),
          Fault.reply("close-after-request", "FIN instead of a reply", LOST, Wire::close),
          brokenOff("reset-in-status-line", 11, true),
          brokenOff("close-in-status-line", 11, false),
          brokenOff("reset-in-headers", 30, true),
          brokenOff("close-in-headers", 30, false),
          brokenOff("reset-before-last-newline", HEAD.length() - 1, true),
          Fault.reply(
              "reset-in-body",
              "200 with headers and half of the body, then RST",
              Expectation.succeeds(),
              wire -> {
                wire.startReply(200, "Content-Length: 100");
                wire.send("x".repeat(50));
                wire.pause(ARRIVE);
                wire.reset();
              }),
          Fault.reply(
              "close-in-body",
              "200 with headers and half of the body, then FIN",
              Expectation.succeeds(),
              wire -> {
                wire.startReply(200, "Content-Length: 100");
                wire.send("x".repeat(50));
                wire.close();
              }),
          Fault.reply(
              "close-in-chunk",
              "200 with headers and half of a chunk, then FIN",
              Expectation.succeeds(),
              wire -> {
                wire.startReply(200, "Transfer-Encoding: chunked");
                wire.send("64\r\n" + "x".repeat(50));
                wire.close();
              }),
          Fault.path(
                  "answer-before-body",
                  "413 before the request's body was read, then RST",
                  Expectation.oneOf(
                      EnumSet.of(OutcomeState.FAILED, OutcomeState.IN_DOUBT),
                      "http_status",
                      "reset",
                      "protocol"),
                  wire -> {
                    wire.readHead();
                    wire.reply(413, "");
                    wire.pause(ARRIVE);
                    wire.reset();
                  })
              .withRequestOf(32 * 1024));

  private BreakFaults() {}

  private static Fault brokenOff(String name, int bytes, boolean reset) {
    return Fault.reply(
        name,
        "%s after %d bytes of a reply's head".formatted(reset ? "RST" : "FIN", bytes),
        LOST,
        wire -> {
          wire.send(HEAD.substring(0, bytes));
          if (reset) {
            wire.pause(ARRIVE);
            wire.reset();
          } else {
            wire.close();
          }
        });
  }
}
