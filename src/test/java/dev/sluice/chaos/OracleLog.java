package dev.sluice.chaos;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * The oracle's own file, only ever appended to. Three kinds of lines, each with the number of the
 * request: {@code B number sender key attempt micros} when a head was read, {@code W number crc}
 * when the whole body was, {@code R number status} when the reply was given. One thread.
 */
final class OracleLog {

  private final Path file;
  private final BufferedWriter writer;
  private final long origin = System.nanoTime();
  private final Instant createdAt = Instant.now();

  private OracleLog(Path file, BufferedWriter writer) {
    this.file = file;
    this.writer = writer;
  }

  static OracleLog create(Path file) throws IOException {
    return new OracleLog(
        file,
        Files.newBufferedWriter(
            file,
            StandardCharsets.US_ASCII,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.APPEND));
  }

  Path file() {
    return file;
  }

  /** Gives when it was created: lines count from then. */
  Instant createdAt() {
    return createdAt;
  }

  void began(long number, int sender, String key, int attempt) throws IOException {
    long micros = (System.nanoTime() - origin) / 1000;
    writer.write("B " + number + ' ' + sender + ' ' + key + ' ' + attempt + ' ' + micros + '\n');
  }

  void whole(long number, long crc) throws IOException {
    writer.write("W " + number + ' ' + crc + '\n');
  }

  void replied(long number, int status) throws IOException {
    writer.write("R " + number + ' ' + status + '\n');
  }

  void flush() {
    try {
      writer.flush();
    } catch (IOException failure) {
      throw new UncheckedIOException(file + " cannot be written", failure);
    }
  }

  void close() {
    try {
      writer.close();
    } catch (IOException failure) {
      throw new UncheckedIOException(file + " cannot be closed", failure);
    }
  }
}
