package dev.sluice.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * The senders written in Java, each in a process of its own: {@code SenderMain <kind> <url> <body
 * bytes>}. For every line {@code run <items> <concurrency>} on standard input one is sent and
 * answered with a line: nanoseconds, errors, then the 50th, 99th and 99.9th percentile of the
 * exchange in nanoseconds.
 */
final class SenderMain {

  private static final long HIGHEST_NANOS = TimeUnit.MINUTES.toNanos(2);

  private SenderMain() {}

  /** A way to send. */
  interface Sender {

    /** Sends and returns after the last reply. */
    void send(int items, int concurrency, Tally tally) throws Exception;
  }

  /** What single exchanges took, and how many failed. Any thread. */
  static final class Tally {
    private final Histogram took = new ConcurrentHistogram(HIGHEST_NANOS, 3);
    private final LongAdder errors = new LongAdder();

    void ended(long startedNanos, boolean succeeded) {
      took.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - startedNanos));
      if (!succeeded) {
        errors.increment();
      }
    }

    long errorCount() {
      return errors.sum();
    }

    long nanosAt(double percentile) {
      return took.getValueAtPercentile(percentile);
    }
  }

  public static void main(String[] args) throws Exception {
    serve(sender(args[0], args[1], Integer.parseInt(args[2])));
    System.exit(0);
  }

  /** Answers lines until standard input ends. */
  static void serve(Sender sender) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", -1);
      if (words.length != 3 || !words[0].equals("run")) {
        throw new IOException("Not understood: " + line);
      }
      Tally tally = new Tally();
      long started = System.nanoTime();
      sender.send(Integer.parseInt(words[1]), Integer.parseInt(words[2]), tally);
      System.out.printf(
          "%d %d %d %d %d%n",
          System.nanoTime() - started,
          tally.errorCount(),
          tally.nanosAt(50),
          tally.nanosAt(99),
          tally.nanosAt(99.9));
    }
  }

  private static Sender sender(String kind, String url, int bodyBytes) {
    return switch (kind) {
      case "webclient" -> new WebClientSender(url, bodyBytes, true);
      case "webclient-per-request" -> new WebClientSender(url, bodyBytes, false);
      case "webclient-default" -> new DefaultWebClientSender(url, bodyBytes);
      case "jdk" -> new JdkSender(url, bodyBytes);
      default -> throw new IllegalArgumentException("No sender is called " + kind);
    };
  }

  /** Gives a JSON body of exactly so many bytes. */
  static String body(int bodyBytes) {
    return "{\"pad\":\"%s\"}"
        .formatted("x".repeat(Math.max(0, bodyBytes - "{\"pad\":\"\"}".length())));
  }
}
