package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.model.Item;

/** Reads the items of a request into an upload. */
final class ItemIntake {

  private ItemIntake() {}

  /**
   * Reads all items.
   *
   * @param firstIndex what the index of the first item is in the batch
   * @return how many there were
   * @throws ApiProblem when any is bad, or there is none
   */
  static long read(
      ItemSource source,
      Template template,
      long firstIndex,
      UploadResources resources,
      ItemSink sink) {
    ErrorLog errors = new ErrorLog();
    SecretSealer sealer = new SecretSealer(resources.secrets(), errors);
    // After the first error the rest is only looked at: nothing of the request will be kept.
    ItemSink whileGood =
        (destination, item) -> {
          if (errors.isEmpty()) {
            Item sealed = sealer.seal(destination, item);
            if (sealed != null) {
              sink.accept(destination, sealed);
            }
          }
        };
    int maxItems = resources.limits().maxItems();
    long count =
        source.items(new ItemReader(template, errors, firstIndex, maxItems, whileGood), errors);
    ApiProblem problem = errors.toProblem();
    if (problem != null) {
      throw problem;
    }
    if (count == 0) {
      throw new ApiProblem(400, "no_items", "There is no item in the body");
    }
    return count;
  }
}
