package dev.sluice.hostile;

import dev.sluice.model.OutcomeState;
import java.util.EnumSet;
import java.util.List;

/** Replies that are not HTTP. */
final class GarbageFaults {

  private static final Expectation UNREADABLE = Expectation.inDoubt("protocol", "reset");

  static final List<Fault> ALL =
      List.of(
          unreadable("not-http", "a line of prose", "This is not HTTP.\r\n\r\n"),
          unreadable("http-0.9", "a body without any head", "<html>hello</html>\r\n"),
          unreadable("icy", "the status line of another protocol", "ICY 200 OK\r\n\r\n"),
          unreadable("status-not-a-number", "status abc", head("HTTP/1.1 abc OK")),
          unreadable("status-missing", "no status", head("HTTP/1.1")),
          unreadable("status-0", "status 0", head("HTTP/1.1 0 Nothing")),
          unreadable("status-1000", "status 1000", head("HTTP/1.1 1000 Lots")),
          unreadable("status-negative", "status -200", head("HTTP/1.1 -200 OK")),
          unreadable("nul-in-status-line", "NUL in the status", head("HTTP/1.1 2\u000000 OK")),
          unreadable("nul-in-header-name", "NUL in a name", head("HTTP/1.1 200 OK\r\nX-\u0000: a")),
          unreadable(
              "nul-in-header-value", "NUL in a value", head("HTTP/1.1 200 OK\r\nX: a\u0000b")),
          unreadable(
              "header-without-colon",
              "a header line without colon",
              head("HTTP/1.1 200 OK\r\nnonsense")),
          unreadable(
              "h2-settings",
              "an HTTP/2 SETTINGS frame",
              "\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000"),
          unreadable("binary", "bytes of no meaning", "\u0001\u0080\u00ff\u0000\u0007".repeat(100)),
          Fault.reply(
              "bare-lf",
              "200 with lines that end in LF alone",
              Expectation.oneOf(
                  EnumSet.of(OutcomeState.SUCCEEDED, OutcomeState.IN_DOUBT), "protocol"),
              wire -> {
                wire.send("HTTP/1.1 200 OK\nContent-Length: 0\n\n");
                wire.awaitEnd();
              }),
          Fault.reply(
              "status-999",
              "a status that nobody has defined",
              Expectation.refused(),
              wire -> wire.reply(999, "")));

  private GarbageFaults() {}

  private static String head(String lines) {
    return lines + "\r\nContent-Length: 0\r\n\r\n";
  }

  private static Fault unreadable(String name, String description, String bytes) {
    return Fault.reply(
        name,
        description,
        UNREADABLE,
        wire -> {
          wire.send(bytes);
          wire.awaitEnd();
        });
  }
}
