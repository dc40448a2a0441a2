package dev.sluice;

import dev.sluice.security.NewKey;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Starts Sluice. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class SluiceApplication {

  /**
   * Starts the service, or the demo under the profile {@code demo}, or makes an API key.
   *
   * @param args Spring Boot's command-line properties, or {@code new-key} with its arguments
   */
  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals(NewKey.COMMAND)) {
      System.exit(NewKey.run(List.of(args).subList(1, args.length)));
    }
    TerminationSignal.install();
    SpringApplication.run(SluiceApplication.class, args);
  }
}
