package dev.sluice.attempt;

import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Opens the secrets of an item for the one attempt that shows them to its destination. What of them
 * comes back is not kept.
 */
final class OpeningAttempter implements Attempter {

  private final Attempter next;
  private final ItemSecrets secrets;

  OpeningAttempter(Attempter next, ItemSecrets secrets) {
    this.next = next;
    this.secrets = secrets;
  }

  @Override
  public Mono<Verdict> attempt(AttemptRequest request) {
    return request.request().hasSealed() ? opened(request) : next.attempt(request);
  }

  private Mono<Verdict> opened(AttemptRequest request) {
    List<Header> headers = new ArrayList<>(request.request().headers().size());
    List<String> opened = new ArrayList<>();
    for (Header header : request.request().headers()) {
      String value = header.sealed() ? open(request.destination(), header) : header.value();
      if (value == null) {
        // Another replica may know the key, or this one after its next start.
        return Mono.just(
            new Verdict.NotSent(
                new Verdict.Failure(
                    "credential", "The key that a header of the item is sealed with is missing")));
      }
      headers.add(new Header(header.name(), value));
      if (header.sealed()) {
        opened.addAll(Redaction.parts(value));
      }
    }
    return next.attempt(request.with(request.request().with(headers)))
        .map(verdict -> Redaction.of(verdict, opened));
  }

  private @Nullable String open(Destination destination, Header header) {
    return secrets.open(header.value(), ItemSecrets.place(destination, header));
  }

  @Override
  public void forget(Destination destination) {
    next.forget(destination);
  }
}
