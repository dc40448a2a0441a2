package dev.sluice.intake;

/**
 * A submission in one of its formats, read once from front to back: first what describes the batch,
 * then the items. A new format is a new implementation.
 */
interface SubmissionBody extends ItemSource {

  /**
   * Reads up to the items.
   *
   * @throws dev.sluice.api.ApiProblem when that is wrong
   */
  BatchHead head();
}
