package dev.sluice.security;

import dev.sluice.api.Caller;
import dev.sluice.api.Quotas;
import dev.sluice.api.Role;
import dev.sluice.model.InboundAccess;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.AuditLog;
import dev.sluice.store.BatchReader;
import jakarta.servlet.DispatcherType;
import java.net.InetAddress;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpMethod;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.header.HeaderWriterFilter;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Puts this room together; its filters stand before both ports. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnWebApplication
class SecurityConfiguration implements WebMvcConfigurer {

  /** Endpoints of the management port that probes and scrapers ask without a credential. */
  private static final String[] FOR_EVERYBODY = {"health", "info", "prometheus"};

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(new RoleGuard()).order(Ordered.HIGHEST_PRECEDENCE);
  }

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
  Quotas quotas(
      ObjectProvider<BatchReader> reader, SecurityProperties properties, ProcessClock clock) {
    return new TenantQuotas(tenant -> reader.getObject().usage(tenant), properties::quota, clock);
  }

  @Bean
  Callers callers(SecurityProperties properties, ProcessClock clock) {
    Tokens tokens =
        properties.oidc().issuer() == null
            ? null
            : new Tokens(TokenDecoders.of(properties.oidc()), properties.oidc());
    return new Callers(
        new ApiKeys(properties.keys()),
        tokens,
        new FailureLimit(properties.failuresPerSecond(), clock),
        clock);
  }

  @Bean
  AuditWriter auditWriter(AuditLog audit, ProcessClock clock, SecurityProperties properties) {
    return new AuditWriter(audit, clock, properties.auditKeep());
  }

  @Bean
  AuditFilter auditFilter(AuditWriter writer, SecurityProperties properties, ProcessClock clock) {
    return new AuditFilter(
        writer::add, new FailureLimit(properties.failuresPerSecond(), clock), clock);
  }

  /** It has its place in the chain below, and none beside it. */
  @Bean
  FilterRegistrationBean<AuditFilter> auditFilterStaysInTheChain(AuditFilter filter) {
    FilterRegistrationBean<AuditFilter> registration = new FilterRegistrationBean<>(filter);
    registration.setEnabled(false);
    return registration;
  }

  @Bean
  SecurityFilterChain inbound(
      HttpSecurity http,
      InboundAccess access,
      SecurityProperties properties,
      Callers callers,
      AuditFilter audit) {
    http.sessionManagement(
            session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        // No cookie says who somebody is; what a page could send is for the guard to refuse.
        .csrf(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .headers(ResponseHeaders::set)
        .addFilterAfter(new AddressLimit(properties.requestsPerAddress()), HeaderWriterFilter.class)
        .addFilterAfter(audit, AddressLimit.class)
        .addFilterAfter(new BrowserGuard(access, properties.allowedHosts()), AuditFilter.class);
    if (access == InboundAccess.AUTHENTICATED) {
      ask(http, callers);
    } else {
      http.anonymous(anonymous -> anonymous.principal(Caller.ANYBODY))
          .authorizeHttpRequests(requests -> requests.anyRequest().permitAll());
    }
    return http.build();
  }

  /** Which role a call needs is for {@link RoleGuard}; here it is only that somebody calls. */
  private static void ask(HttpSecurity http, Callers callers) {
    RefusalAnswers answers = new RefusalAnswers();
    http.anonymous(AbstractHttpConfigurer::disable)
        .oauth2ResourceServer(
            server ->
                server
                    .authenticationManagerResolver(request -> callers.from(request.getRemoteAddr()))
                    .authenticationEntryPoint(answers)
                    .accessDeniedHandler(answers))
        .exceptionHandling(
            refused -> refused.authenticationEntryPoint(answers).accessDeniedHandler(answers))
        .authorizeHttpRequests(
            requests ->
                requests
                    .dispatcherTypeMatchers(DispatcherType.ERROR)
                    .permitAll()
                    .requestMatchers("/v1/**")
                    .authenticated()
                    // What is there by the profile "diagnosis" shows the memory of all tenants.
                    .requestMatchers(EndpointRequest.toAnyEndpoint().excluding(FOR_EVERYBODY))
                    .access(
                        (known, _) ->
                            new AuthorizationDecision(
                                known.get().getPrincipal() instanceof Caller caller
                                    && caller.may(Role.ADMIN)))
                    // Pages and descriptions are the same for everybody, and so are the other
                    // endpoints of the management port; whatever else is mapped some day names a
                    // role.
                    .requestMatchers(HttpMethod.GET, "/**")
                    .permitAll()
                    .requestMatchers(HttpMethod.HEAD, "/**")
                    .permitAll()
                    .anyRequest()
                    .authenticated());
  }
}
