package dev.sluice.attempt;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests off the wire as RFC 9112 writes them and takes nothing else: no bare CR or LF, no
 * folded line, no white space before a colon, one {@code Host}, one way to tell the length. Shares
 * nothing with what it checks.
 */
final class StrictRequests {

  private static final Pattern START = Pattern.compile("([A-Z]+) (/[!-~&&[^#]]*) HTTP/1\\.1");
  private static final Pattern FIELD =
      Pattern.compile(
          "([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[!-~\u0080-\u00ff](?:[ \t!-~\u0080-\u00ff]*[!-~\u0080-\u00ff])?)?)[ \t]*");

  private final InputStream in;

  StrictRequests(InputStream in) {
    this.in = in;
  }

  /** A request as it was on the wire. */
  record Request(String method, String target, List<String> fields, byte[] body) {

    List<String> values(String name) {
      String prefix = name.toLowerCase(Locale.ROOT) + ": ";
      return fields.stream()
          .filter(field -> field.startsWith(prefix))
          .map(field -> field.substring(prefix.length()))
          .toList();
    }
  }

  /** Gives the next request; null at the end of the connection. */
  @Nullable Request next() throws IOException {
    String start = line();
    if (start == null) {
      return null;
    }
    var matched = START.matcher(start);
    if (!matched.matches()) {
      throw new IOException("No request line: " + start);
    }
    List<String> fields = new ArrayList<>();
    for (String line = line(); line == null || !line.isEmpty(); line = line()) {
      if (line == null) {
        throw new IOException("The head has no end");
      }
      var field = FIELD.matcher(line);
      if (!field.matches()) {
        throw new IOException("No header field: " + line);
      }
      fields.add(field.group(1).toLowerCase(Locale.ROOT) + ": " + field.group(2));
    }
    Request head = new Request(matched.group(1), matched.group(2), fields, new byte[0]);
    return new Request(head.method(), head.target(), fields, in.readNBytes(length(head)));
  }

  private static int length(Request head) throws IOException {
    List<String> lengths = head.values("Content-Length");
    if (head.values("Host").size() != 1
        || lengths.size() > 1
        || !head.values("Transfer-Encoding").isEmpty()) {
      throw new IOException("Not framed in exactly one way: " + head.fields());
    }
    if (!lengths.isEmpty() && !lengths.getFirst().matches("\\d{1,9}")) {
      throw new IOException("No length: " + lengths);
    }
    return lengths.isEmpty() ? 0 : Integer.parseInt(lengths.getFirst());
  }

  /** Gives a line without its end. */
  private @Nullable String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); ; next = in.read()) {
      if (next < 0) {
        if (line.isEmpty()) {
          return null;
        }
        throw new IOException("A line without end: " + line);
      }
      if (next == '\r') {
        if (in.read() != '\n') {
          throw new IOException("A bare CR after: " + line);
        }
        return line.toString();
      }
      if ((next < ' ' && next != '\t') || next == 0x7f) {
        throw new IOException("A control character after: " + line);
      }
      line.append((char) next);
    }
  }
}
