package dev.sluice.api;

import org.apache.catalina.core.StandardHost;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;

/**
 * Puts the manners into the container, for what never reaches a handler: into that of the API,
 * where this is found as any configuration, and into that of the management port, which has a
 * context of its own and finds this by its imports file.
 */
@ManagementContextConfiguration(proxyBeanMethods = false)
class ContainerPages {

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemValve() {
    return factory -> {
      factory.addContextValves(new PathParameterValve());
      factory.addContextCustomizers(
          context -> {
            if (context.getParent() instanceof StandardHost host) {
              host.setErrorReportValveClass(ProblemValve.class.getName());
            }
          });
    };
  }
}
