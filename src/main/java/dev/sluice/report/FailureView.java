package dev.sluice.report;

import dev.sluice.api.ResultView;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.FailureGroup;
import org.jspecify.annotations.Nullable;

/** Items that did not succeed for the same reason, with one of them as a sample. */
record FailureView(
    OutcomeState state,
    @Nullable Integer statusCode,
    @Nullable String errorCode,
    String destination,
    long count,
    long sampleIndex,
    @Nullable String sampleMessage) {

  static FailureView of(FailureGroup group) {
    return new FailureView(
        group.state(),
        ResultView.statusCode(group.statusCode()),
        group.errorCode(),
        group.destination(),
        group.count(),
        group.sampleIndex(),
        group.sampleMessage());
  }
}
