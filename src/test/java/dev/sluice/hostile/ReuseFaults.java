package dev.sluice.hostile;

import dev.sluice.model.OutcomeState;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;

/** What goes wrong on a connection that is used again. */
final class ReuseFaults {

  private static final String STALE =
      "HTTP/1.1 500 Stale\r\nX-Key: stale\r\nContent-Length: 0\r\n\r\n";

  /** A request that met the end of its connection may have been taken. */
  private static final Expectation RACE =
      Expectation.oneOf(
          EnumSet.of(OutcomeState.SUCCEEDED, OutcomeState.IN_DOUBT), "reset", "protocol");

  static final List<Fault> ALL =
      List.of(
          Fault.reply(
              "idle-close-race",
              "200 with keep-alive, then FIN at once",
              RACE,
              wire -> {
                wire.reply(200, "");
                wire.close();
              }),
          Fault.reply(
              "idle-reset-race",
              "200 with keep-alive, then RST soon",
              RACE,
              wire -> {
                wire.reply(200, "");
                wire.pause(Duration.ofMillis(2));
                wire.reset();
              }),
          Fault.reply(
              "close-that-stays",
              "200 with Connection: close on a connection that stays open",
              Expectation.succeeds(),
              wire -> wire.reply(200, "", "Connection: close")),
          Fault.reply(
              "extra-reply",
              "200 and in the same breath a reply that nobody asked for",
              Expectation.succeeds(),
              wire -> {
                wire.send(wire.head(200, "Content-Length: 0") + STALE);
              }),
          Fault.reply(
                  "extra-replies",
                  "200 and in the same breath a thousand replies that nobody asked for",
                  Expectation.succeeds(),
                  wire -> {
                    wire.send(wire.head(200, "Content-Length: 0") + STALE.repeat(1000));
                  })
              .flooding(),
          Fault.reply(
              "hints-before-reply",
              "102 and 103, then 200",
              Expectation.succeeds(),
              wire -> {
                wire.send("HTTP/1.1 102 Processing\r\n\r\n");
                wire.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
                wire.reply(200, "hello");
              }),
          Fault.reply(
              "continue-before-reply",
              "100 that nobody asked for, then 200",
              Expectation.succeeds(),
              wire -> {
                wire.send("HTTP/1.1 100 Continue\r\n\r\n");
                wire.reply(200, "hello");
              }),
          Fault.reply(
              "switching-protocols",
              "101 that nobody asked for",
              Expectation.oneOf(
                  EnumSet.of(OutcomeState.FAILED, OutcomeState.IN_DOUBT),
                  "http_status",
                  "protocol",
                  "reset",
                  "deadline"),
              wire -> {
                wire.startReply(101, "Connection: Upgrade", "Upgrade: nonsense");
                wire.awaitEnd();
              }));

  private ReuseFaults() {}
}
