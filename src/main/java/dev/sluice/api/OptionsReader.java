package dev.sluice.api;

import static java.util.Objects.requireNonNullElse;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.Canary;
import dev.sluice.model.Capture;
import dev.sluice.model.Delivery;
import dev.sluice.model.HaltOn;
import dev.sluice.model.Rate;
import dev.sluice.model.RetryOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the options of a batch, whichever way they came. */
public final class OptionsReader {

  private static final int MAX_CREDENTIAL = 255;

  private OptionsReader() {}

  /**
   * Gives the options with defaults for what is absent.
   *
   * @throws ApiProblem 400 for unknown or invalid members, 422 for those not built
   */
  public static BatchOptions read(OptionFields fields) {
    fields.refuse("window", "callback", "maxInvalid");
    BatchOptions defaults = BatchOptions.DEFAULT;
    Delivery delivery = one(fields, "delivery", Delivery.class, defaults.delivery());
    requireBuilt(fields, "onInvalid", "reject", "skip");
    Integer concurrency = fields.integer("concurrency");
    Rate rate = rate(fields.object("rate"));
    String credential = credential(fields.object("auth"));
    RetryOptions retry = retry(fields.object("retry"), delivery);
    List<String> success = requireNonNullElse(fields.texts("success"), defaults.success());
    Duration timeout = requireNonNullElse(fields.duration("timeout"), defaults.timeout());
    Capture capture = capture(fields.object("capture"));
    Instant notBefore = fields.instant("notBefore");
    Instant deadline = fields.instant("deadline");
    if (notBefore != null && deadline != null && !deadline.isAfter(notBefore)) {
      throw fields.invalid("deadline", "later than notBefore");
    }
    try {
      BatchOptions options =
          defaults
              .change()
              .delivery(delivery)
              .concurrency(concurrency)
              .rate(rate)
              .credential(credential)
              .retry(retry)
              .success(success)
              .timeout(timeout)
              .notBefore(notBefore)
              .deadline(deadline)
              .weight(requireNonNullElse(fields.integer("weight"), defaults.weight()))
              .onBreakerOpen(
                  one(
                      fields,
                      "onBreakerOpen",
                      BatchOptions.OnBreakerOpen.class,
                      defaults.onBreakerOpen()))
              .capture(capture)
              .openTimeout(
                  requireNonNullElse(fields.duration("openTimeout"), defaults.openTimeout()))
              .haltOn(haltOn(fields.object("haltOn")))
              .canary(canary(fields.object("canary")))
              .build();
      fields.end();
      return options;
    } catch (IllegalArgumentException e) {
      throw fields.outOfRange("", e);
    }
  }

  /**
   * Requires that a deadline lies ahead.
   *
   * @param pointer where it was given; null when it came as a query parameter
   * @throws ApiProblem 400 when it is over
   */
  public static void requireAhead(Instant deadline, Instant now, @Nullable String pointer) {
    if (!deadline.isAfter(now)) {
      String message = "deadline must lie ahead; " + deadline + " is over, it is " + now;
      throw ApiProblem.invalid(pointer, "invalid_option", message);
    }
  }

  /** One value is built, others of the design are refused as such, the rest is wrong. */
  private static void requireBuilt(
      OptionFields fields, String name, String built, String... later) {
    String value = fields.text(name);
    if (value == null || value.equals(built)) {
      return;
    }
    if (List.of(later).contains(value)) {
      throw fields.notSupported(name, name + '=' + value);
    }
    throw fields.invalid(name, built + " or " + String.join(" or ", later));
  }

  private static @Nullable String credential(@Nullable OptionFields fields) {
    if (fields == null) {
      return null;
    }
    String name = fields.text("credential");
    if (name == null || name.isEmpty() || name.length() > MAX_CREDENTIAL) {
      throw fields.invalid("credential", "the name of a configured credential");
    }
    fields.end();
    return name;
  }

  private static @Nullable Rate rate(@Nullable OptionFields fields) {
    if (fields == null) {
      return null;
    }
    Integer permits = fields.integer("permits");
    if (permits == null) {
      throw fields.invalid("permits", "given with a rate");
    }
    Duration per = requireNonNullElse(fields.duration("per"), Duration.ofSeconds(1));
    // Smooth unless asked otherwise: no two attempts start together.
    int burst = requireNonNullElse(fields.integer("burst"), 1);
    fields.end();
    try {
      return new Rate(permits, per, burst);
    } catch (IllegalArgumentException e) {
      throw fields.outOfRange("", e);
    }
  }

  /** Reads a name of an enum, written in lower case. */
  private static <E extends Enum<E>> E one(
      OptionFields fields, String name, Class<E> type, E otherwise) {
    String value = fields.text(name);
    if (value == null) {
      return otherwise;
    }
    List<String> names =
        Stream.of(type.getEnumConstants())
            .map(known -> known.name().toLowerCase(Locale.ROOT))
            .toList();
    int found = names.indexOf(value);
    if (found < 0) {
      throw fields.invalid(name, String.join(" or ", names));
    }
    return type.getEnumConstants()[found];
  }

  private static RetryOptions retry(@Nullable OptionFields fields, Delivery delivery) {
    RetryOptions defaults = RetryOptions.defaultFor(delivery);
    if (fields == null) {
      return defaults;
    }
    try {
      RetryOptions retry =
          new RetryOptions(
              requireNonNullElse(fields.integer("maxAttempts"), defaults.maxAttempts()),
              requireNonNullElse(fields.duration("minBackoff"), defaults.minBackoff()),
              requireNonNullElse(fields.number("multiplier"), defaults.multiplier()),
              requireNonNullElse(fields.duration("maxBackoff"), defaults.maxBackoff()),
              requireNonNullElse(fields.duration("maxElapsed"), defaults.maxElapsed()),
              one(fields, "jitter", RetryOptions.Jitter.class, defaults.jitter()),
              requireNonNullElse(fields.texts("on"), defaults.on()),
              requireNonNullElse(fields.texts("notOn"), defaults.notOn()),
              requireNonNullElse(fields.number("budget"), defaults.budget()));
      fields.end();
      return retry;
    } catch (IllegalArgumentException e) {
      throw fields.outOfRange("", e);
    }
  }

  private static HaltOn haltOn(@Nullable OptionFields fields) {
    HaltOn defaults = HaltOn.DEFAULT;
    if (fields == null) {
      return defaults;
    }
    Double failureRatio = fields.number("failureRatio");
    Integer after = fields.integer("after");
    if (after != null && failureRatio == null) {
      throw fields.invalid("after", "given with haltOn.failureRatio");
    }
    Integer refused = fields.integer("consecutiveAuthFailures");
    HaltOn.Action action = one(fields, "action", HaltOn.Action.class, defaults.action());
    fields.end();
    try {
      return new HaltOn(
          failureRatio,
          requireNonNullElse(after, defaults.after()),
          requireNonNullElse(refused, defaults.consecutiveAuthFailures()),
          action);
    } catch (IllegalArgumentException e) {
      throw fields.outOfRange("", e);
    }
  }

  private static @Nullable Canary canary(@Nullable OptionFields fields) {
    if (fields == null) {
      return null;
    }
    Integer items = fields.integer("items");
    if (items == null) {
      throw fields.invalid("items", "given with a canary");
    }
    Double ratio = fields.number("maxFailureRatio");
    fields.end();
    try {
      return new Canary(items, requireNonNullElse(ratio, Canary.DEFAULT_MAX_FAILURE_RATIO));
    } catch (IllegalArgumentException e) {
      throw fields.outOfRange("", e);
    }
  }

  private static Capture capture(@Nullable OptionFields fields) {
    Capture defaults = Capture.DEFAULT;
    if (fields == null) {
      return defaults;
    }
    Capture.On on = one(fields, "on", Capture.On.class, defaults.on());
    Integer bytes = fields.integer("bytes");
    fields.end();
    try {
      return new Capture(on, requireNonNullElse(bytes, defaults.bytes()));
    } catch (IllegalArgumentException e) {
      throw fields.outOfRange("", e);
    }
  }
}
