package dev.sluice.security;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.ProblemWriter;
import dev.sluice.model.InboundAccess;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Refuses what a web page could make the browser of somebody on this machine send here. Where no
 * credential is asked for, the browser's place on the network is one: a page whose name was
 * re-bound to loopback gives itself away by {@code Host}, a page of another origin by {@code
 * Origin} or {@code Sec-Fetch-Site}. Programs send neither header and pass.
 */
final class BrowserGuard extends OncePerRequestFilter {

  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");
  private static final Set<String> OWN = Set.of("same-origin", "none");

  private final InboundAccess access;
  private final List<String> allowedHosts;

  BrowserGuard(InboundAccess access, List<String> allowedHosts) {
    this.access = access;
    this.allowedHosts = allowedHosts;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    ApiProblem problem = refusal(request);
    if (problem == null) {
      chain.doFilter(request, response);
    } else {
      ProblemWriter.write(response, problem, request.getRequestURI());
    }
  }

  private @Nullable ApiProblem refusal(HttpServletRequest request) {
    String host = request.getHeader(HttpHeaders.HOST);
    if (host != null && !isKnown(name(host))) {
      return new ApiProblem(
          421,
          "host_not_allowed",
          "This process is not known by the name in Host; its operator can add names to"
              + " sluice.security.allowed-hosts");
    }
    return access != InboundAccess.AUTHENTICATED
            && !onlyReads(request)
            && isCrossSite(request, host)
        ? new ApiProblem(403, "cross_site", "Pages of another origin may not change anything here")
        : null;
  }

  /** Tells whether a call changes nothing, by its method. */
  static boolean onlyReads(HttpServletRequest request) {
    return READS.contains(request.getMethod());
  }

  private boolean isKnown(String name) {
    return access == InboundAccess.LOCAL
        ? isLoopback(name) || allowedHosts.contains(name)
        : allowedHosts.isEmpty()
            || isLoopback(name)
            || isAddress(name)
            || allowedHosts.contains(name);
  }

  /** Probes and scrapers call a pod by its address, and no name can be re-bound to one. */
  private static boolean isAddress(String name) {
    try {
      var _ = InetAddress.ofLiteral(name.startsWith("[") ? name.replaceAll("[\\[\\]]", "") : name);
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static boolean isLoopback(String name) {
    return name.equals("localhost")
        || name.endsWith(".localhost")
        || name.equals("[::1]")
        || name.matches("127(\\.\\d{1,3}){3}");
  }

  /** Gives the name of an authority, in lower case, without its port and the root's dot. */
  private static String name(String authority) {
    int colon = authority.lastIndexOf(':');
    boolean hasPort = colon > authority.lastIndexOf(']');
    String name = (hasPort ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static boolean isCrossSite(HttpServletRequest request, @Nullable String host) {
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null && !OWN.contains(site)) {
      return true;
    }
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    return origin != null && !isOf(host, origin);
  }

  private static boolean isOf(@Nullable String host, String origin) {
    try {
      String authority = URI.create(origin).getRawAuthority();
      return host != null && authority != null && authority.equalsIgnoreCase(host);
    } catch (IllegalArgumentException _) {
      return false;
    }
  }
}
