package dev.sluice.intake;

import dev.sluice.api.Pointers;
import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.ItemSecrets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Seals the secret headers of items, each for its destination. Items of a batch mostly share their
 * headers: a list without secrets costs one comparison an item, one with secrets is sealed once for
 * each destination. One thread.
 */
final class SecretSealer {

  static final String CODE = "secret_refused";
  static final String NO_KEY =
      "A secret is only stored sealed, and no key is configured: name a credential in"
          + " options.auth.credential instead, or have sluice.secrets.keys set";

  private static final int MAX_REMEMBERED = 1_024;

  private final ItemSecrets secrets;
  private final ErrorLog errors;
  private final Map<Destination, List<Header>> sealed = new HashMap<>();
  private List<Header> last = List.of();
  private boolean lastHasSecrets;

  SecretSealer(ItemSecrets secrets, ErrorLog errors) {
    this.secrets = secrets;
    this.errors = errors;
  }

  /** Gives the item as it may be stored; null when it may not, which is in the log then. */
  @Nullable Item seal(Destination destination, Item item) {
    List<Header> headers = item.request().headers();
    if (!headers.equals(last)) {
      last = headers;
      lastHasSecrets = headers.stream().anyMatch(header -> secrets.isSecret(header.name()));
      sealed.clear();
    }
    if (!lastHasSecrets) {
      return item;
    }
    List<Header> known = sealed.get(destination);
    if (known == null) {
      known = seal(destination, headers);
      if (known == null) {
        return null;
      }
      if (sealed.size() >= MAX_REMEMBERED) {
        sealed.clear();
      }
      sealed.put(destination, known);
    }
    return new Item(
        item.index(),
        item.id(),
        item.request().with(known),
        item.orderingKey(),
        item.credential(),
        item.origin());
  }

  private @Nullable List<Header> seal(Destination destination, List<Header> headers) {
    List<Header> all = new ArrayList<>(headers.size());
    for (Header header : headers) {
      if (!secrets.isSecret(header.name())) {
        all.add(header);
        continue;
      }
      String value = secrets.seal(header.value(), ItemSecrets.place(destination, header));
      if (value == null) {
        errors.report("/headers" + Pointers.to(header.name()), CODE, NO_KEY);
        return null;
      }
      all.add(new Header(header.name(), value, true));
    }
    return List.copyOf(all);
  }
}
