package dev.sluice.hostile;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection at the level of bytes, with the words that scripts are written in. One
 * thread only.
 */
final class Wire {

  private static final int MAX_LINE_BYTES = 64 * 1024;

  /** Small, so that a flood waits for its reader instead of filling megabytes of kernel memory. */
  private static final int SEND_BUFFER_BYTES = 32 * 1024;

  private static final int WHOLE_READ_BYTES = 16 * 1024;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final Oracle oracle;
  private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private String requestLine = "";

  Wire(Socket socket, Oracle oracle) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
    this.out = socket.getOutputStream();
    this.oracle = oracle;
    socket.setTcpNoDelay(true);
    socket.setSendBufferSize(SEND_BUFFER_BYTES);
  }

  // Reading

  /** Reads the first line of the next request and gives its path; null when none comes. */
  @Nullable String readPath() throws IOException {
    headers.clear();
    String line = readLine();
    if (line == null) {
      return null;
    }
    requestLine = line;
    String[] words = line.split(" ", -1);
    String target = words.length < 2 ? "" : words[1];
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /** Reads the rest of the request; from here on the oracle counts it. */
  void readRequest() throws IOException {
    readHead();
    readBody(bodyBytes());
    oracle.received(key());
  }

  void readHead() throws IOException {
    for (String line = readLine(); line != null && !line.isEmpty(); line = readLine()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
  }

  void readBody(int bytes) throws IOException {
    if (in.readNBytes(bytes).length < bytes) {
      throw new EOFException("The request broke off");
    }
  }

  int bodyBytes() {
    return Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
  }

  private @Nullable String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    int next;
    while ((next = in.read()) >= 0 && line.length() < MAX_LINE_BYTES) {
      if (next == '\n') {
        int end = line.length();
        return end > 0 && line.charAt(end - 1) == '\r'
            ? line.substring(0, end - 1)
            : line.toString();
      }
      line.append((char) next);
    }
    return null;
  }

  /** Reads whatever comes first. */
  void readSomething() throws IOException {
    if (in.read(new byte[WHOLE_READ_BYTES]) < 0) {
      throw new EOFException("Nothing came");
    }
  }

  /** Waits until the peer ends the connection, and throws what it sends away. */
  void awaitEnd() throws IOException {
    in.transferTo(OutputStream.nullOutputStream());
    close();
  }

  // What was read

  /** Gives the request's {@code Idempotency-Key}, or an empty text. */
  String key() {
    return headers.getOrDefault("Idempotency-Key", "");
  }

  /** Gives which try of its item this is; 1 when the request does not say. */
  int attempt() {
    return Integer.parseInt(headers.getOrDefault("Sluice-Attempt", "1"));
  }

  /** Gives the absolute URL that was asked for. */
  String url() {
    String[] words = requestLine.split(" ", -1);
    return "http://" + headers.getOrDefault("Host", "") + (words.length < 2 ? "/" : words[1]);
  }

  // Writing

  /** Writes a status line and whole headers as {@link #head} gives them. */
  void startReply(int status, String... lines) throws IOException {
    send(head(status, lines));
  }

  /**
   * Gives a status line and whole headers that will be sent now, with {@code X-Key} naming the
   * request it answers.
   *
   * @param lines header lines
   */
  String head(int status, String... lines) {
    StringBuilder head = new StringBuilder();
    head.append("HTTP/1.1 ").append(status).append(" Whatever\r\n");
    head.append("X-Key: ").append(key()).append("\r\n");
    for (String line : lines) {
      head.append(line).append("\r\n");
    }
    if (status / 100 == 2) {
      oracle.answeredWell(key());
    }
    return head.append("\r\n").toString();
  }

  /** Writes a whole, decent reply. */
  void reply(int status, String body, String... lines) throws IOException {
    String[] all = Arrays.copyOf(lines, lines.length + 1);
    all[lines.length] = "Content-Length: " + body.length();
    send(head(status, all) + body);
  }

  /** Writes Latin-1 as it is. */
  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  void send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Writes one byte at a time. */
  void drip(String text, Duration gap) throws IOException {
    for (byte one : text.getBytes(StandardCharsets.ISO_8859_1)) {
      pause(gap);
      out.write(one);
    }
  }

  /** Writes the same until the peer has had enough. */
  void sendForEver(String text, Duration gap) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    while (true) {
      send(bytes);
      pause(gap);
    }
  }

  void pause(Duration time) {
    if (time.isPositive()) {
      LockSupport.parkNanos(time.toNanos());
    }
  }

  // Ending

  /** Ends the connection in order: FIN. */
  void close() throws IOException {
    socket.close();
  }

  /** Ends the connection with a reset: RST. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  boolean isClosed() {
    return socket.isClosed();
  }
}
