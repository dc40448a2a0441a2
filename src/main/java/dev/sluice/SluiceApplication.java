package dev.sluice;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Starts Sluice. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class SluiceApplication {

  /**
   * Starts the service, or the demo under the profile {@code demo}.
   *
   * @param args Spring Boot's command-line properties
   */
  public static void main(String[] args) {
    TerminationSignal.install();
    SpringApplication.run(SluiceApplication.class, args);
  }
}
