package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In a process of its own: signals belong to the whole JVM. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TerminationSignalTests {

  @Test
  void sigtermRunsTheHooksAndEndsWithZero() throws Exception {
    Process process = start("orderly");
    try (BufferedReader output = process.inputReader()) {
      assertThat(output.readLine()).isEqualTo("ready");
      assertThat(process.toHandle().destroy()).isTrue();
      assertThat(output.readLine()).isEqualTo("stopping");
      assertThat(process.waitFor()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aSecondSigtermEndsAtOnce() throws Exception {
    Process process = start("hanging");
    try (BufferedReader output = process.inputReader()) {
      assertThat(output.readLine()).isEqualTo("ready");
      assertThat(process.toHandle().destroy()).isTrue();
      assertThat(output.readLine()).isEqualTo("stopping");
      assertThat(process.toHandle().destroy()).isTrue();
      assertThat(process.waitFor()).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
  }

  private static Process start(String hook) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName(),
            hook)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Waits for a signal. */
  static final class Program {

    private Program() {}

    public static void main(String[] arguments) throws InterruptedException {
      TerminationSignal.install();
      CountDownLatch never = new CountDownLatch(1);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    System.out.println("stopping");
                    if (arguments[0].equals("hanging")) {
                      awaitForEver(never);
                    }
                  }));
      System.out.println("ready");
      never.await();
    }

    private static void awaitForEver(CountDownLatch never) {
      try {
        never.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
