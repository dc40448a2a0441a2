package dev.sluice.ops;

import dev.sluice.model.Verdict;
import java.util.Locale;

/** The seven kinds of verdict as values of the tag {@code verdict}. */
enum VerdictKind {
  SUCCEEDED,
  REFUSED,
  RETRYABLE,
  MAYBE_SENT,
  NOT_SENT,
  DENIED,
  INTERRUPTED;

  private final String tag = name().toLowerCase(Locale.ROOT);

  static VerdictKind of(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Succeeded _ -> SUCCEEDED;
      case Verdict.Refused _ -> REFUSED;
      case Verdict.Retryable _ -> RETRYABLE;
      case Verdict.MaybeSent _ -> MAYBE_SENT;
      case Verdict.NotSent _ -> NOT_SENT;
      case Verdict.Denied _ -> DENIED;
      case Verdict.Interrupted _ -> INTERRUPTED;
    };
  }

  String tag() {
    return tag;
  }
}
