package dev.sluice.security;

import dev.sluice.model.InboundAccess;
import jakarta.servlet.DispatcherType;
import java.net.InetAddress;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.header.HeaderWriterFilter;

/** Puts this room together; its filters stand before both ports. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnWebApplication
class SecurityConfiguration {

  /** Refuses a start before anything is opened: neither store nor port. */
  @Bean
  static BeanFactoryPostProcessor startCheck(Environment environment) {
    return _ -> access(environment);
  }

  @Bean
  InboundAccess inboundAccess(Environment environment) {
    return access(environment);
  }

  private static InboundAccess access(Environment environment) {
    Binder binder = Binder.get(environment);
    return StartCheck.access(
        binder.bind("server.address", InetAddress.class).orElse(null),
        binder.bindOrCreate("sluice.security", SecurityProperties.class));
  }

  @Bean
  StartNotice startNotice(InboundAccess access) {
    return new StartNotice(access);
  }

  @Bean
  SecurityFilterChain inbound(
      HttpSecurity http, InboundAccess access, SecurityProperties properties) {
    http.sessionManagement(
            session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        // No cookie says who somebody is; what a page could send is for the guard to refuse.
        .csrf(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .headers(ResponseHeaders::set)
        .addFilterAfter(
            new BrowserGuard(access, properties.allowedHosts()), HeaderWriterFilter.class)
        .authorizeHttpRequests(
            requests ->
                requests
                    .dispatcherTypeMatchers(DispatcherType.ERROR)
                    .permitAll()
                    .anyRequest()
                    .permitAll());
    return http.build();
  }
}
