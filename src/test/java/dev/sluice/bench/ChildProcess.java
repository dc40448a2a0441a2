package dev.sluice.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A process that answers each line on its standard input with one line on its standard output. */
final class ChildProcess implements AutoCloseable {

  private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(Process::destroyForcibly)));
  }

  private final Process process;
  private final BufferedWriter asks;
  private final BufferedReader answers;

  private ChildProcess(Process process) {
    this.process = process;
    this.asks = process.outputWriter(StandardCharsets.US_ASCII);
    this.answers = process.inputReader(StandardCharsets.US_ASCII);
  }

  /** Starts a command; its errors go where this process' errors go. */
  static ChildProcess start(List<String> command, Map<String, String> environment) {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      ALIVE.add(process);
      return new ChildProcess(process);
    } catch (IOException failure) {
      throw new UncheckedIOException("Could not start " + command, failure);
    }
  }

  /** Gives the command that runs a main class of this class path in a JVM of its own. */
  static List<String> java(Class<?> main, List<String> options, String... arguments) {
    return java(main.getName(), options, arguments);
  }

  /** Gives the command for a main class that is not always compiled. */
  static List<String> java(String main, List<String> options, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Sends a line and waits for the line that answers it. */
  String ask(String line) {
    try {
      asks.write(line);
      asks.newLine();
      asks.flush();
    } catch (IOException failure) {
      throw new UncheckedIOException("The process does not listen to: " + line, failure);
    }
    return hear();
  }

  /** Waits for a line. */
  String hear() {
    try {
      String answer = answers.readLine();
      if (answer == null) {
        throw new IllegalStateException("The process ended without an answer");
      }
      return answer;
    } catch (IOException failure) {
      throw new UncheckedIOException("The process gave no answer", failure);
    }
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
    ALIVE.remove(process);
  }
}
