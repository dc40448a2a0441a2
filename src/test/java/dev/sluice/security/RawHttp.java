package dev.sluice.security;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Requests as bytes, for what no client library would send. */
final class RawHttp {

  private RawHttp() {}

  /** An answer, read until the server closed. */
  record Reply(int status, String head, String body) {

    /** Gives a header's value, or an empty string. */
    String header(String name) {
      String wanted = name.toLowerCase(Locale.ROOT) + ":";
      return head.lines()
          .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(wanted))
          .map(line -> line.substring(wanted.length()).strip())
          .findFirst()
          .orElse("");
    }
  }

  /** Sends a request with these header lines and nothing more. */
  static Reply request(int port, String method, String target, String... headers)
      throws IOException {
    StringBuilder text = new StringBuilder(method + ' ' + target + " HTTP/1.1\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    return send(port, text + "Connection: close\r\n\r\n");
  }

  /** Sends the text as it is. */
  static Reply send(int port, String text) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      socket.shutdownOutput();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int end = answer.indexOf("\r\n\r\n");
      String head = end < 0 ? answer : answer.substring(0, end);
      String[] words = head.split(" ", 3);
      return new Reply(
          !head.startsWith("HTTP/1.1 ") ? 0 : Integer.parseInt(words[1].substring(0, 3)),
          head,
          end < 0 ? "" : answer.substring(end + 4));
    }
  }
}
