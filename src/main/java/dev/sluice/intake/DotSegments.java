package dev.sluice.intake;

/** Path segments that some readers of a URL resolve and others send: {@code .} and {@code ..}. */
final class DotSegments {

  private DotSegments() {}

  /** Tells whether the path of an origin-form target has one, percent-encoded dots included. */
  static boolean in(String target) {
    int query = target.indexOf('?');
    int end = query < 0 ? target.length() : query;
    int from = 0;
    while (from < end) {
      int slash = target.indexOf('/', from + 1);
      int to = slash < 0 || slash > end ? end : slash;
      if (isDots(target, from + 1, to)) {
        return true;
      }
      from = to;
    }
    return false;
  }

  private static boolean isDots(String target, int from, int to) {
    int dots = 0;
    int at = from;
    while (at < to) {
      if (target.charAt(at) == '.') {
        at++;
      } else if (target.regionMatches(true, at, "%2e", 0, 3)) {
        at += 3;
      } else {
        return false;
      }
      dots++;
    }
    return dots == 1 || dots == 2;
  }
}
