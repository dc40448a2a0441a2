package dev.sluice.intake;

import dev.sluice.api.ApiProblem;

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
      IntakeProperties limits,
      ItemSink sink) {
    ErrorLog errors = new ErrorLog();
    // After the first error the rest is only looked at: nothing of the request will be kept.
    ItemSink whileGood =
        (destination, item) -> {
          if (errors.isEmpty()) {
            sink.accept(destination, item);
          }
        };
    long count =
        source.items(
            new ItemReader(template, errors, firstIndex, limits.maxItems(), whileGood), errors);
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
