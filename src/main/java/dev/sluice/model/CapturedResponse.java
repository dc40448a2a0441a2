package dev.sluice.model;

import java.util.Arrays;
import java.util.List;

/**
 * What was kept of a response.
 *
 * @param headers response headers, bounded by the client's header limit
 * @param body the first bytes of the body, raw
 * @param truncated whether the body was longer or broke off
 */
public record CapturedResponse(List<Header> headers, byte[] body, boolean truncated) {

  public CapturedResponse {
    headers = List.copyOf(headers);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CapturedResponse that
        && headers.equals(that.headers)
        && Arrays.equals(body, that.body)
        && truncated == that.truncated;
  }

  @Override
  public int hashCode() {
    return 31 * headers.hashCode() + Arrays.hashCode(body);
  }

  @Override
  public String toString() {
    return "CapturedResponse[" + body.length + " body bytes, truncated=" + truncated + ']';
  }
}
