package dev.sluice.attempt;

import dev.sluice.attempt.egress.EgressDeniedException;
import dev.sluice.model.CapturedResponse;
import dev.sluice.model.Verdict;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.proxy.ProxyConnectException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.netty.internal.shaded.reactor.pool.PoolAcquirePendingLimitException;
import reactor.netty.internal.shaded.reactor.pool.PoolAcquireTimeoutException;

/**
 * Judges every exchange; nothing else does. A complete status line and headers are definite.
 * Without them, what failed before the first byte was not sent, and everything else may have been:
 * after the first byte the type of an exception proves nothing.
 */
final class VerdictClassifier {

  private static final int TOO_MANY_REQUESTS = 429;
  private static final int SERVICE_UNAVAILABLE = 503;

  private final InstantSource clock;

  VerdictClassifier(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Judges a reply.
   *
   * @param header gives the first value of a header by its name
   */
  Verdict reply(
      int status,
      Function<String, @Nullable String> header,
      @Nullable CapturedResponse response,
      AttemptTerms terms) {
    Verdict.Reply reply = new Verdict.Reply(status, response);
    if (terms.success().contains(status)) {
      return new Verdict.Succeeded(reply);
    }
    boolean holds = status == TOO_MANY_REQUESTS || status == SERVICE_UNAVAILABLE;
    Duration wait = holds ? RetryAfter.of(header, clock.instant()) : null;
    return terms.retry().contains(status) && !terms.never().contains(status)
        ? new Verdict.Retryable(reply, wait)
        : new Verdict.Refused(reply, wait);
  }

  /** Judges an exchange that ended without a reply. */
  Verdict failure(Throwable error, boolean writeBegan) {
    Throwable cause =
        error instanceof WebClientRequestException e && e.getCause() != null ? e.getCause() : error;
    if (cause instanceof EgressDeniedException denied) {
      return new Verdict.Denied(new Verdict.Failure("guard", message(denied)));
    }
    if (cause instanceof UnsendableException unsendable) {
      return new Verdict.Denied(new Verdict.Failure("invalid_request", message(unsendable)));
    }
    if (cause instanceof ProxyConnectException) {
      // What was written waits in this process until there is a tunnel.
      return new Verdict.NotSent(new Verdict.Failure("connect", "The proxy made no tunnel"));
    }
    return writeBegan ? maybeSent(code(cause, "reset"), cause) : notSent(cause);
  }

  /** Judges an exchange that Sluice cut off before a reply. */
  Verdict cut(boolean writeBegan) {
    return writeBegan
        ? new Verdict.MaybeSent(
            new Verdict.Failure("deadline", "No reply within the attempt's deadline"))
        : new Verdict.NotSent(
            new Verdict.Failure("deadline", "No connection within the attempt's deadline"));
  }

  private static Verdict maybeSent(String code, Throwable cause) {
    return new Verdict.MaybeSent(new Verdict.Failure(code, message(cause)));
  }

  private static Verdict notSent(Throwable cause) {
    return new Verdict.NotSent(new Verdict.Failure(code(cause, "connect"), message(cause)));
  }

  private static String code(Throwable cause, String otherwise) {
    return switch (cause) {
      case UnknownHostException _ -> "dns";
      case ConnectTimeoutException _ -> "connect_timeout";
      case NoRouteToHostException _, ConnectException _ -> "connect";
      case SSLException _ -> "tls";
      case PoolAcquireTimeoutException _, PoolAcquirePendingLimitException _ -> "pool";
      case TimeoutException _ -> "timeout";
      case DecoderException d when d.getCause() instanceof SSLException -> "tls";
      case DecoderException _, IllegalArgumentException _ -> "protocol";
      case IOException _ -> otherwise;
      default -> otherwise;
    };
  }

  private static String message(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
