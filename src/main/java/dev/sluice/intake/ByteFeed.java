package dev.sluice.intake;

import java.util.Arrays;

/**
 * Cuts content into slices, one at a time, of which at most one is in memory: lines, or the values
 * of a JSON text by their brackets and quotes alone. A slice is {@code buffer()} from {@code
 * start()} to {@code end()}, valid until the next call. One thread.
 */
final class ByteFeed {

  /** How a slice ended. */
  enum Cut {
    /** It is whole. */
    WHOLE,
    /** It is longer than allowed; for a line the rest of it was skipped. */
    TOO_LONG,
    /** The content ended; for a line there was none. */
    END
  }

  private static final int INITIAL = 64 * 1024;

  private final ContentStream content;
  private final int maxSlice;
  private byte[] buffer;
  private int start;
  private int end;
  private int position;
  private int limit;
  private boolean ascii;

  ByteFeed(ContentStream content, int maxSlice) {
    this.content = content;
    this.maxSlice = maxSlice;
    this.buffer = new byte[Math.min(INITIAL, maxSlice + 2)];
    skipByteOrderMark();
  }

  byte[] buffer() {
    return buffer;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  /** Tells whether the slice is well-formed UTF-8. */
  boolean isUtf8() {
    return ascii || Utf8.isValid(buffer, start, end);
  }

  /** Tells whether the slice is nothing but JSON white space. */
  boolean isBlank() {
    for (int i = start; i < end; i++) {
      if (!isSpace(buffer[i])) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSpace(byte octet) {
    return octet == ' ' || octet == '\t' || octet == '\n' || octet == '\r';
  }

  /** Cuts the next line off, without its LF or CRLF. */
  Cut nextLine() {
    start = position;
    int at = position;
    int signs = 0;
    while (true) {
      for (; at < limit; at++) {
        byte octet = buffer[at];
        if (octet == '\n') {
          position = at + 1;
          return line(at, signs);
        }
        signs |= octet;
      }
      position = at;
      if (at - start > maxSlice + 1) {
        skipLine();
        return Cut.TOO_LONG;
      }
      if (!fill()) {
        return at == start ? Cut.END : line(position, signs);
      }
      at = position;
    }
  }

  private Cut line(int newline, int signs) {
    end = newline > start && buffer[newline - 1] == '\r' ? newline - 1 : newline;
    ascii = signs >= 0;
    return end - start > maxSlice ? Cut.TOO_LONG : Cut.WHOLE;
  }

  private void skipLine() {
    while (true) {
      start = position;
      while (position < limit) {
        if (buffer[position++] == '\n') {
          return;
        }
      }
      start = position;
      if (!fill()) {
        return;
      }
    }
  }

  /** Gives the next byte that is not JSON white space, without taking it; -1 at the end. */
  int peek() {
    while (true) {
      start = position;
      for (; position < limit; position++) {
        byte octet = buffer[position];
        if (!isSpace(octet)) {
          start = position;
          return octet & 0xff;
        }
      }
      start = position;
      if (!fill()) {
        return -1;
      }
    }
  }

  /** Takes the byte last peeked. */
  void take() {
    position++;
  }

  /**
   * Cuts the JSON value off that begins at the byte last peeked. Only brackets and quotes are
   * looked at: whether the slice is JSON is for a parser to say.
   */
  Cut nextValue() {
    start = position;
    int depth = 0;
    int signs = 0;
    boolean quoted = false;
    boolean escaped = false;
    int at = position;
    while (true) {
      if (at == limit) {
        position = at;
        if (at - start > maxSlice) {
          return Cut.TOO_LONG;
        }
        if (!fill()) {
          return Cut.END;
        }
        at = position;
      }
      byte octet = buffer[at];
      if (quoted) {
        signs |= octet;
        quoted = escaped || octet != '"';
        escaped = !escaped && octet == '\\';
      } else if (octet == '{' || octet == '[') {
        depth++;
      } else if (octet == '}' || octet == ']') {
        if (depth == 0) {
          return value(at, signs);
        }
        depth--;
      } else if (octet == '"') {
        quoted = true;
        at++;
        continue;
      } else {
        signs |= octet;
        if (depth == 0 && isDelimiter(octet)) {
          return value(at, signs);
        }
        at++;
        continue;
      }
      at++;
      if (depth == 0 && !quoted) {
        return value(at, signs);
      }
    }
  }

  private Cut value(int to, int signs) {
    end = to;
    position = to;
    ascii = signs >= 0;
    return end - start > maxSlice ? Cut.TOO_LONG : Cut.WHOLE;
  }

  private static boolean isDelimiter(byte octet) {
    return octet == ',' || octet == ':' || isSpace(octet);
  }

  /** Makes room and reads on; everything from {@code start} on is kept. */
  private boolean fill() {
    if (limit == buffer.length) {
      if (start > 0) {
        System.arraycopy(buffer, start, buffer, 0, limit - start);
        position -= start;
        limit -= start;
        start = 0;
      } else {
        // Two more than a slice: CR and LF.
        int room = (int) Math.min(buffer.length * 2L, maxSlice + 2L);
        buffer = Arrays.copyOf(buffer, Math.max(room, buffer.length + 1));
      }
    }
    int got = content.read(buffer, limit, buffer.length - limit);
    if (got < 0) {
      return false;
    }
    limit += got;
    return true;
  }

  private void skipByteOrderMark() {
    while (limit < 3) {
      if (!fill()) {
        return;
      }
    }
    if (buffer[0] == (byte) 0xef && buffer[1] == (byte) 0xbb && buffer[2] == (byte) 0xbf) {
      position = 3;
    }
  }
}
