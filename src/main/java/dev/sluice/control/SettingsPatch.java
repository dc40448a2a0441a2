package dev.sluice.control;

import dev.sluice.api.Durations;
import dev.sluice.model.Rate;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.DestinationSettings.BreakerOverride;
import dev.sluice.store.DestinationSettings.Concurrency;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads what an operator wants of a destination, as a merge-patch (RFC 7396). */
final class SettingsPatch {

  private static final Set<String> KEYS = Set.of("rate", "concurrency", "breaker");
  private static final int MAX_CONCURRENCY = 10_000;

  private SettingsPatch() {}

  /**
   * Gives the settings after the patch; {@code null} puts a key back to its default, an absent key
   * stays.
   */
  static DestinationSettings apply(DestinationSettings before, ObjectNode patch) {
    ControlBody.allowKeys(patch, "", KEYS, Set.of("window"));
    JsonNode rate = patch.get("rate");
    JsonNode concurrency = patch.get("concurrency");
    JsonNode breaker = patch.get("breaker");
    return new DestinationSettings(
        rate == null ? before.rate() : rate(rate, before.rate()),
        concurrency == null ? before.concurrency() : concurrency(concurrency, before.concurrency()),
        breaker == null ? before.breaker() : breaker(breaker));
  }

  private static @Nullable Rate rate(JsonNode rate, @Nullable Rate before) {
    if (rate.isNull()) {
      return null;
    }
    if (!rate.isObject()) {
      throw ControlBody.invalidValue("/rate", "an object with permits, per and burst, or null");
    }
    ControlBody.allowKeys(rate, "/rate", Set.of("permits", "per", "burst"), Set.of());
    JsonNode permits = rate.get("permits");
    JsonNode per = rate.get("per");
    JsonNode burst = rate.get("burst");
    if (permits == null && before == null) {
      throw ControlBody.invalid("missing_key", "/rate/permits", "Required");
    }
    int count =
        permits == null && before != null ? before.permits() : number(permits, "/rate/permits");
    Duration period =
        per == null || per.isNull()
            ? per == null && before != null ? before.per() : Duration.ofSeconds(1)
            : period(per);
    int together =
        burst == null || burst.isNull()
            ? burst == null && before != null ? before.burst() : 1
            : number(burst, "/rate/burst");
    return new Rate(count, period, together);
  }

  private static Duration period(JsonNode per) {
    String expected = "a duration of 1ms to 1d such as 250ms, 1s or PT1S";
    if (!per.isString()) {
      throw ControlBody.invalidValue("/rate/per", expected);
    }
    try {
      Duration period = Durations.parse(per.stringValue());
      if (period.compareTo(Duration.ofMillis(1)) >= 0
          && period.compareTo(Duration.ofDays(1)) <= 0) {
        return period;
      }
    } catch (IllegalArgumentException | ArithmeticException _) {
      throw ControlBody.invalidValue("/rate/per", expected);
    }
    throw ControlBody.invalidValue("/rate/per", expected);
  }

  private static @Nullable Concurrency concurrency(JsonNode value, @Nullable Concurrency before) {
    if (value.isNull()) {
      return null;
    }
    if (!value.isObject()) {
      return Concurrency.fixed(limit(value, "/concurrency"));
    }
    ControlBody.allowKeys(value, "/concurrency", Set.of("mode", "max"), Set.of());
    JsonNode mode = value.get("mode");
    JsonNode max = value.get("max");
    Concurrency.Mode wanted = mode == null && before != null ? before.mode() : mode(mode);
    Integer most =
        max == null
            ? before == null ? null : before.max()
            : max.isNull() ? null : Integer.valueOf(limit(max, "/concurrency/max"));
    if (most == null && wanted == Concurrency.Mode.FIXED) {
      throw ControlBody.invalid("missing_key", "/concurrency/max", "Required with mode fixed");
    }
    return new Concurrency(wanted, most);
  }

  private static Concurrency.Mode mode(@Nullable JsonNode mode) {
    if (mode == null || mode.isNull()) {
      return Concurrency.Mode.ADAPTIVE;
    }
    return switch (mode.isString() ? mode.stringValue() : "") {
      case "adaptive" -> Concurrency.Mode.ADAPTIVE;
      case "fixed" -> Concurrency.Mode.FIXED;
      default -> throw ControlBody.invalidValue("/concurrency/mode", "adaptive or fixed");
    };
  }

  private static int limit(JsonNode value, String pointer) {
    int limit = number(value, pointer);
    if (limit > MAX_CONCURRENCY) {
      throw ControlBody.invalidValue(pointer, "at most " + MAX_CONCURRENCY);
    }
    return limit;
  }

  private static int number(@Nullable JsonNode value, String pointer) {
    if (value == null || !value.isInt() || value.intValue() < 1) {
      throw ControlBody.invalidValue(pointer, "a whole number of at least 1");
    }
    return value.intValue();
  }

  private static @Nullable BreakerOverride breaker(JsonNode value) {
    if (value.isNull()) {
      return null;
    }
    return switch (value.isString() ? value.stringValue() : "") {
      case "open" -> BreakerOverride.OPEN;
      case "closed" -> BreakerOverride.CLOSED;
      case "auto" -> null;
      default -> throw ControlBody.invalidValue("/breaker", "open, closed, auto or null");
    };
  }
}
