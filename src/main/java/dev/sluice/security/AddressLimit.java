package dev.sluice.security;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.ProblemWriter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Bounds the requests that one address has running, so that one client cannot take all connections.
 * Loopback is not bounded: whoever is there shares one address with everybody else on the machine.
 */
final class AddressLimit extends OncePerRequestFilter {

  private final int most;
  private final Map<String, Integer> running = new ConcurrentHashMap<>();

  /**
   * @param most 0 bounds nobody
   */
  AddressLimit(int most) {
    this.most = most;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return most == 0 || isLoopback(request.getRemoteAddr());
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String address = request.getRemoteAddr();
    int now = running.merge(address, 1, Integer::sum);
    try {
      if (now > most) {
        ProblemWriter.write(
            response,
            new ApiProblem(
                    429,
                    "too_many_requests",
                    "This address has more than " + most + " requests running")
                .retryAfter(Duration.ofSeconds(1)),
            request.getRequestURI());
      } else {
        chain.doFilter(request, response);
      }
    } finally {
      running.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
    }
  }

  private static boolean isLoopback(String address) {
    try {
      return InetAddress.ofLiteral(address).isLoopbackAddress();
    } catch (IllegalArgumentException _) {
      return false;
    }
  }
}
