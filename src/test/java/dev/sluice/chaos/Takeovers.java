package dev.sluice.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How long others waited for what replicas held that went. Any thread. */
final class Takeovers {

  private final List<Duration> afterSilence = new CopyOnWriteArrayList<>();
  private final List<Duration> afterGoodbye = new CopyOnWriteArrayList<>();
  private final List<Duration> afterOutage = new CopyOnWriteArrayList<>();

  /** After SIGKILL, SIGSTOP or a cut cable, until nothing was held any more. */
  List<Duration> afterSilence() {
    return afterSilence;
  }

  /** After SIGTERM, until nothing was held any more. */
  List<Duration> afterGoodbye() {
    return afterGoodbye;
  }

  /** From the moment that the database was back until the next outcome was stored. */
  List<Duration> afterOutage() {
    return afterOutage;
  }

  void add(Takeovers others) {
    afterSilence.addAll(others.afterSilence);
    afterGoodbye.addAll(others.afterGoodbye);
    afterOutage.addAll(others.afterOutage);
  }

  /** Gives the 99th percentile of each kind that happened, as text. */
  @Override
  public String toString() {
    String text =
        Stream.of(
                p99("silent", afterSilence),
                p99("SIGTERM", afterGoodbye),
                p99("database back", afterOutage))
            .filter(part -> !part.isEmpty())
            .collect(Collectors.joining(", "));
    return text.isEmpty() ? "-" : text;
  }

  private static String p99(String kind, List<Duration> waits) {
    return waits.isEmpty()
        ? ""
        : String.format(Locale.ROOT, "%s %.1f s", kind, Findings.p99(waits).toMillis() / 1000.0);
  }
}
