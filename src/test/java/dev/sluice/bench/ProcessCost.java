package dev.sluice.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a process has used, from Linux's {@code /proc}.
 *
 * @param cpuMicros user and system time since its start
 */
record ProcessCost(long cpuMicros) {

  /** {@code USER_HZ} is 100 on every Linux that Java runs on. */
  private static final long MICROS_PER_TICK = 10_000;

  private static final int USER_TIME_FIELD = 11;

  static ProcessCost of(long pid) {
    String stat = read(Path.of("/proc", Long.toString(pid), "stat"));
    // The second field is the command in parentheses; it may contain spaces.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    long ticks =
        Long.parseLong(fields[USER_TIME_FIELD]) + Long.parseLong(fields[USER_TIME_FIELD + 1]);
    return new ProcessCost(ticks * MICROS_PER_TICK);
  }

  /** Gives the most physical memory that the process ever held, in MiB. */
  static long peakResidentMebibytes(long pid) {
    return read(Path.of("/proc", Long.toString(pid), "status"))
        .lines()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024)
        .findFirst()
        .orElse(-1);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failure) {
      throw new UncheckedIOException("The load measurement needs Linux's /proc", failure);
    }
  }
}
