package dev.sluice.intake;

import dev.sluice.api.Quotas;
import dev.sluice.model.CredentialNames;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchWriter;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts intake together. */
@Configuration(proxyBeanMethods = false)
class IntakeConfiguration {

  @Bean
  UploadResources uploadResources(
      IntakeProperties limits,
      ProcessClock clock,
      Quotas quotas,
      ObjectProvider<ItemSecrets> secrets) {
    return UploadResources.of(
        limits, clock, quotas, secrets.getIfAvailable(() -> ItemSecrets.NONE));
  }

  @Bean
  Submissions submissions(
      BatchWriter writer,
      UploadResources resources,
      ObjectProvider<CredentialNames> credentials,
      ObjectProvider<DispatchObserver> observer) {
    return new Submissions(
        writer,
        resources,
        credentials.getIfAvailable(() -> _ -> false),
        observer.getIfAvailable(() -> DispatchObserver.NONE));
  }

  @Bean
  Chunks chunks(
      BatchWriter writer,
      BatchReader reader,
      UploadResources resources,
      ObjectProvider<DispatchObserver> observer) {
    return new Chunks(
        writer, reader, resources, observer.getIfAvailable(() -> DispatchObserver.NONE));
  }

  /** A client that asks first is told to send only when its body is really read. */
  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> askedContinue() {
    return factory ->
        factory.addConnectorCustomizers(
            connector -> {
              if (!connector.setProperty("continueResponseTiming", "onRead")) {
                throw new IllegalStateException("Tomcat lost a property, indicates a bug");
              }
            });
  }
}
