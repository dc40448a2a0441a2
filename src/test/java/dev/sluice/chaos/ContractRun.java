package dev.sluice.chaos;

import dev.sluice.chaos.agent.Mutation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** The laws of the store, tried on a broken build in a process of its own. */
public final class ContractRun {

  private static final String CONTRACT = "dev.sluice.store.jdbc.SqliteStoreContractTests";
  private static final String FAILED = "FAILED ";

  private ContractRun() {}

  /** Gives the laws that a mutation breaks. */
  static List<String> failures(Mutation mutation, Path directory) throws IOException {
    Path log = directory.resolve("contract.log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-javaagent:" + AgentJar.in(directory) + "=break=" + mutation.name(),
            "-classpath",
            System.getProperty("java.class.path"),
            ContractRun.class.getName()));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      int exit = process.waitFor();
      List<String> failures =
          Files.readAllLines(log).stream().filter(line -> line.startsWith(FAILED)).toList();
      if (exit > 1 || (exit == 1) != !failures.isEmpty()) {
        throw new IOException("The contract could not be tried: " + Files.readString(log));
      }
      return failures.stream().map(line -> line.substring(FAILED.length())).toList();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted during the contract", interrupted);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Runs the contract; prints each failure and ends with 1 when there is one. */
  public static void main(String[] args) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectClass(CONTRACT))
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);
    TestExecutionSummary summary = listener.getSummary();
    summary.printTo(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    summary
        .getFailures()
        .forEach(
            failure -> System.out.println(FAILED + failure.getTestIdentifier().getDisplayName()));
    if (summary.getTestsFoundCount() == 0) {
      System.exit(2);
    }
    System.exit(summary.getTotalFailureCount() == 0 ? 0 : 1);
  }
}
