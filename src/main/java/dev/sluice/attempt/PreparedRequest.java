package dev.sluice.attempt;

import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import io.netty.channel.EventLoop;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
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

/**
 * A client request that is already encoded: it writes its headers and bytes straight to the
 * connection, without a builder, a codec or a copy of the headers. {@link #writeTo} runs on the
 * acquired connection just before the first byte: that is the boundary between not sent and maybe
 * sent.
 */
final class PreparedRequest implements ClientRequest {

  private static final MultiValueMap<String, String> NO_COOKIES = new LinkedMultiValueMap<>(0);
  private static final String USER_AGENT = "Sluice";

  private final AttemptRequest attempt;
  private final HttpMethod method;
  private final URI url;
  private final String idempotencyHeader;
  private final Consumer<@Nullable EventLoop> onWrite;

  PreparedRequest(
      AttemptRequest attempt, String idempotencyHeader, Consumer<@Nullable EventLoop> onWrite) {
    OutboundRequest request = attempt.request();
    this.attempt = attempt;
    this.method = HttpMethod.valueOf(request.method());
    this.url = URI.create(attempt.destination().origin() + request.target());
    this.idempotencyHeader = idempotencyHeader;
    this.onWrite = onWrite;
  }

  @Override
  public Mono<Void> writeTo(ClientHttpRequest message, ExchangeStrategies strategies) {
    fillHeaders(message.getHeaders());
    byte[] body = attempt.request().body();
    onWrite.accept(eventLoop(message));
    return attempt.request().bodyKind() == BodyKind.NONE
        ? message.setComplete()
        : message.writeWith(Mono.just(message.bufferFactory().wrap(body)));
  }

  private static @Nullable EventLoop eventLoop(ClientHttpRequest message) {
    Object nativeRequest = message.getNativeRequest();
    return nativeRequest instanceof Connection connection ? connection.channel().eventLoop() : null;
  }

  private void fillHeaders(HttpHeaders headers) {
    OutboundRequest request = attempt.request();
    List<Header> own = request.headers();
    for (int i = 0; i < own.size(); i++) {
      Header header = own.get(i);
      headers.add(header.name(), header.value());
    }
    String contentType = request.bodyKind().contentType();
    if (contentType != null) {
      if (!names(own, HttpHeaders.CONTENT_TYPE)) {
        headers.set(HttpHeaders.CONTENT_TYPE, contentType);
      }
      headers.set(HttpHeaders.CONTENT_LENGTH, Integer.toString(request.body().length));
    }
    if (!names(own, HttpHeaders.USER_AGENT)) {
      headers.set(HttpHeaders.USER_AGENT, USER_AGENT);
    }
    if (!names(own, idempotencyHeader)) {
      headers.set(idempotencyHeader, attempt.idempotencyKey());
    }
    headers.set("Sluice-Attempt", Integer.toString(attempt.attemptNumber()));
  }

  private static boolean names(List<Header> headers, String name) {
    for (int i = 0; i < headers.size(); i++) {
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
  public HttpHeaders headers() {
    return HttpHeaders.EMPTY;
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
