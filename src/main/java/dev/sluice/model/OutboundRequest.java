package dev.sluice.model;

import java.util.List;
import java.util.Objects;

/**
 * One HTTP request as it will be sent.
 *
 * @param method upper-case HTTP method
 * @param target path and query in wire form, beginning with {@code /}
 * @param headers the client's own headers, validated, in their order, {@code Content-Type} included
 *     when given; secrets sealed until the attempt
 * @param bodyKind how the body was given
 * @param body the encoded body; empty when {@code bodyKind} is {@code NONE}; never changed by
 *     anyone
 */
public record OutboundRequest(
    String method, String target, List<Header> headers, BodyKind bodyKind, byte[] body) {

  public OutboundRequest {
    headers = List.copyOf(headers);
  }

  /** Tells whether any header is sealed. Allocates nothing: asked for each attempt. */
  public boolean hasSealed() {
    for (int i = 0; i < headers.size(); i++) {
      if (headers.get(i).sealed()) {
        return true;
      }
    }
    return false;
  }

  /** Gives the same request with other headers. */
  public OutboundRequest with(List<Header> others) {
    return new OutboundRequest(method, target, others, bodyKind, body);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OutboundRequest that
        && method.equals(that.method)
        && target.equals(that.target)
        && headers.equals(that.headers)
        && bodyKind == that.bodyKind
        && java.util.Arrays.equals(body, that.body);
  }

  @Override
  public int hashCode() {
    return Objects.hash(method, target, headers, bodyKind, java.util.Arrays.hashCode(body));
  }

  /** Names method and target only: a body or a header never reaches a log. */
  @Override
  public String toString() {
    return "OutboundRequest[" + method + ' ' + target + ", " + body.length + " body bytes]";
  }
}
