package dev.sluice.attempt.auth;

import dev.sluice.model.Header;
import dev.sluice.model.OutboundRequest;
import java.util.ArrayList;
import java.util.List;

/**
 * What a credential adds to a request.
 *
 * @param headers they win over the item's own of the same name
 * @param secrets what of it nobody else may see
 */
public record Proof(List<Header> headers, List<String> secrets) {

  public Proof {
    headers = List.copyOf(headers);
    secrets = List.copyOf(secrets);
  }

  /** Gives the request with the proof. */
  public OutboundRequest in(OutboundRequest request) {
    List<Header> all = new ArrayList<>(request.headers().size() + headers.size());
    for (Header own : request.headers()) {
      if (headers.stream().noneMatch(header -> header.name().equalsIgnoreCase(own.name()))) {
        all.add(own);
      }
    }
    all.addAll(headers);
    return request.with(all);
  }

  /** Names no value. */
  @Override
  public String toString() {
    return "Proof" + headers.stream().map(Header::name).toList();
  }
}
