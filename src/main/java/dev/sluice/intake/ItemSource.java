package dev.sluice.intake;

/** The items of a request, read once from front to back. */
@FunctionalInterface
interface ItemSource {

  /**
   * Reads all items to the end of the content; bad ones go to the log. Stops early when the log is
   * full or nothing more can be concluded from the content.
   *
   * @return items seen, good and bad
   */
  long items(ItemReader reader, ErrorLog errors);
}
