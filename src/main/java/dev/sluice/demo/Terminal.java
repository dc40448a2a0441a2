package dev.sluice.demo;

import java.io.PrintStream;
import java.time.Duration;

/** Where people watch: lines, and one line that changes in place when the output is a terminal. */
final class Terminal {

  private static final int WIDTH = 110;

  private final PrintStream out;
  private final boolean live;
  private boolean inProgressLine;

  /**
   * @param live the output is a terminal that understands a carriage return
   */
  Terminal(PrintStream out, boolean live) {
    this.out = out;
    this.live = live;
  }

  /** Gives how often a progress line should come. */
  Duration interval() {
    return live ? Duration.ofMillis(200) : Duration.ofSeconds(1);
  }

  synchronized void line(String text) {
    if (inProgressLine) {
      out.println();
      inProgressLine = false;
    }
    out.println(text);
    out.flush();
  }

  /** Shows a line that the next one of its kind replaces. */
  synchronized void progress(String text) {
    if (live) {
      out.print('\r' + text + " ".repeat(Math.max(0, WIDTH - text.length())));
      inProgressLine = true;
    } else {
      out.println(text);
    }
    out.flush();
  }
}
