package dev.sluice.api;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the {@code Prefer} header (RFC 7240); what is not understood is ignored, as it says. */
public final class Preference {

  private static final Pattern WAIT =
      Pattern.compile("(?i)(?:^|,)\\s*wait\\s*=\\s*\"?(\\d{1,9})\"?\\s*(?:;[^,]*)?(?=,|$)");

  private Preference() {}

  /** Gives the wait that a client prefers. */
  public static Optional<Duration> wait(@Nullable String prefer) {
    if (prefer == null) {
      return Optional.empty();
    }
    Matcher matcher = WAIT.matcher(prefer);
    return matcher.find()
        ? Optional.of(Duration.ofSeconds(Long.parseLong(matcher.group(1))))
        : Optional.empty();
  }
}
