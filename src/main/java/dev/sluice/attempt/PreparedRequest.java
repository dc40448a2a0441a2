package dev.sluice.attempt;

import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.ReservedHeaders;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.reactive.ClientHttpRequest;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.function.BodyInserter;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ExchangeStrategies;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.NettyOutbound;
import reactor.netty.http.client.HttpClientRequest;

/**
 * A client request that is already encoded: it writes its headers and bytes straight into Reactor
 * Netty's request, past the builder, the codecs and the copies of headers and body publisher that
 * {@code WebClient} makes. {@link #writeTo} runs on the acquired connection just before the first
 * byte: that is the boundary between not sent and maybe sent.
 */
final class PreparedRequest implements ClientRequest {

  private static final MultiValueMap<String, String> NO_COOKIES = new LinkedMultiValueMap<>(0);
  private static final AsciiString CONTENT_TYPE = AsciiString.cached("Content-Type");
  private static final AsciiString CONTENT_LENGTH = AsciiString.cached("Content-Length");
  private static final AsciiString TRACE = AsciiString.cached("traceparent");
  private static final AsciiString ATTEMPT = AsciiString.cached("Sluice-Attempt");

  private final AttemptRequest attempt;
  private final HttpMethod method;
  private final URI url;
  private final String idempotencyHeader;
  private final Consumer<Connection> onWrite;

  PreparedRequest(
      AttemptRequest attempt, URI url, String idempotencyHeader, Consumer<Connection> onWrite) {
    this.attempt = attempt;
    this.method = HttpMethod.valueOf(attempt.request().method());
    this.url = url;
    this.idempotencyHeader = idempotencyHeader;
    this.onWrite = onWrite;
  }

  @Override
  public Mono<Void> writeTo(ClientHttpRequest message, ExchangeStrategies strategies) {
    HttpClientRequest request = message.getNativeRequest();
    fillHeaders(request.requestHeaders());
    onWrite.accept((Connection) request);
    return attempt.request().bodyKind() == BodyKind.NONE
        ? message.setComplete()
        : ((NettyOutbound) request)
            .sendObject(Unpooled.wrappedBuffer(attempt.request().body()))
            .then();
  }

  private void fillHeaders(HttpHeaders headers) {
    OutboundRequest request = attempt.request();
    List<Header> own = request.headers();
    String contentType = request.bodyKind().contentType();
    if (contentType != null) {
      headers.set(CONTENT_TYPE, contentType);
      headers.set(CONTENT_LENGTH, Integer.toString(request.body().length));
    }
    headers.set(idempotencyHeader, attempt.idempotencyKey());
    String traceparent = attempt.traceparent();
    if (traceparent != null) {
      headers.set(TRACE, traceparent);
    }
    // The item's own headers win over those above and over the client's defaults.
    for (int i = 0; i < own.size(); i++) {
      put(headers, own.get(i), names(own, i, own.get(i).name()));
    }
    headers.set(ATTEMPT, Integer.toString(attempt.attemptNumber()));
  }

  /**
   * Netty refuses what is no name or value; what frames the message, or is for storage, is refused
   * here.
   */
  private static void put(HttpHeaders headers, Header header, boolean again) {
    if (ReservedHeaders.contains(header.name())) {
      throw new UnsendableException("A header of the item belongs to Sluice or to the connection");
    }
    if (header.sealed()) {
      throw new UnsendableException("A header of the item is still sealed");
    }
    try {
      if (again) {
        headers.add(header.name(), header.value());
      } else {
        headers.set(header.name(), header.value());
      }
    } catch (IllegalArgumentException e) {
      throw new UnsendableException("A header of the item holds what no header may hold");
    }
  }

  private static boolean names(List<Header> headers, int count, String name) {
    for (int i = 0; i < count; i++) {
      if (headers.get(i).name().equalsIgnoreCase(name)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public HttpMethod method() {
    return method;
  }

  @Override
  public URI url() {
    return url;
  }

  /**
   * Gives no headers: they are written with the request, and an error message must not show them.
   */
  @Override
  public org.springframework.http.HttpHeaders headers() {
    return org.springframework.http.HttpHeaders.EMPTY;
  }

  @Override
  public MultiValueMap<String, String> cookies() {
    return NO_COOKIES;
  }

  @Override
  public BodyInserter<?, ? super ClientHttpRequest> body() {
    return BodyInserters.empty();
  }

  @Override
  public Map<String, Object> attributes() {
    return Map.of();
  }

  @Override
  public @Nullable Consumer<ClientHttpRequest> httpRequest() {
    return null;
  }

  @Override
  public String logPrefix() {
    return "";
  }
}
