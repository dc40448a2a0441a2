package dev.sluice.hostile;

import java.util.List;

/** TLS where none is spoken, and the reverse. */
final class TlsFaults {

  /** Alert, TLS 1.2, 2 bytes: fatal, unexpected message. */
  private static final byte[] ALERT = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0A};

  static final List<Fault> ALL =
      List.of(
          Fault.port(
              "tls-on-plain-port",
              "https to a port that answers with a plain 400",
              Expectation.notSent("tls"),
              "https",
              serving(
                  wire -> {
                    wire.readSomething();
                    wire.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                    wire.close();
                  })),
          Fault.port(
              "plain-on-tls-port",
              "http to a port that answers with a TLS alert",
              Expectation.inDoubt("protocol", "reset"),
              "http",
              serving(
                  wire -> {
                    wire.readSomething();
                    wire.send(ALERT);
                    wire.close();
                  })),
          Fault.port(
                  "tls-silence",
                  "a TLS handshake that is never answered",
                  Expectation.notSent("deadline"),
                  "https",
                  serving(Wire::awaitEnd))
              .untilDeadline(),
          Fault.port(
              "tls-alert",
              "a TLS handshake that is refused",
              Expectation.notSent("tls"),
              "https",
              serving(
                  wire -> {
                    wire.readSomething();
                    wire.send(ALERT);
                    wire.close();
                  })),
          Fault.port(
              "tls-reset",
              "RST during the TLS handshake",
              Expectation.notSent("tls", "connect"),
              "https",
              serving(
                  wire -> {
                    wire.readSomething();
                    wire.reset();
                  })));

  private TlsFaults() {}

  private static Place.Listening serving(Script script) {
    return (port, oracle) -> Door.serving(port, oracle, script);
  }
}
