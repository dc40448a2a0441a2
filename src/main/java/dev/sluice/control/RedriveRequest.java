package dev.sluice.control;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.DestinationKeys;
import dev.sluice.model.Item;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.ItemFilter;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What to redrive.
 *
 * @param filter which items; never all, never succeeded ones
 * @param keepKeys whether items keep the idempotency key of their first attempt
 * @param dryRun whether only to count
 */
record RedriveRequest(ItemFilter filter, boolean keepKeys, boolean dryRun) {

  private static final Set<String> KEYS =
      Set.of("filter", "idempotencyKey", "confirmInDoubt", "dryRun");
  private static final Set<String> FILTER_KEYS =
      Set.of("state", "statusCode", "errorCode", "destination", "index");
  private static final int MAX_INDEXES = 10_000;

  /**
   * Reads the body.
   *
   * @throws ApiProblem 400 when it is wrong or its filter empty, 422 when it names what is not
   *     built
   */
  static RedriveRequest read(ObjectNode body) {
    ControlBody.allowKeys(body, "", KEYS, Set.of("overrides"));
    JsonNode filter = body.get("filter");
    if (filter == null || filter.isNull() || (filter.isObject() && filter.isEmpty())) {
      throw ControlBody.invalid(
          "empty_filter",
          "/filter",
          "Name at least one of state, statusCode, errorCode,"
              + " destination, index; a redrive of everything is never meant by accident");
    }
    if (!filter.isObject()) {
      throw ControlBody.invalidValue("/filter", "an object");
    }
    ControlBody.allowKeys(filter, "/filter", FILTER_KEYS, Set.of());
    Set<OutcomeState> asked = states(filter.get("state"));
    Set<Long> indexes = indexes(filter.get("index"));
    Integer status = status(filter.get("statusCode"));
    String errorCode = text(filter.get("errorCode"), "/filter/errorCode");
    String destination = text(filter.get("destination"), "/filter/destination");
    if (asked.isEmpty()
        && indexes.isEmpty()
        && status == null
        && errorCode == null
        && destination == null) {
      throw ControlBody.invalid("empty_filter", "/filter", "The filter names nothing");
    }
    ItemFilter items =
        new ItemFilter(
            null,
            redrivable(asked, flag(body.get("confirmInDoubt"), "/confirmInDoubt")),
            false,
            status,
            errorCode,
            destination == null ? null : DestinationKeys.parse(destination).key(),
            indexes);
    return new RedriveRequest(
        items, keepsKeys(body.get("idempotencyKey")), flag(body.get("dryRun"), "/dryRun"));
  }

  /** What succeeded is never sent again; what may have been sent only when that is confirmed. */
  private static Set<OutcomeState> redrivable(Set<OutcomeState> asked, boolean confirmInDoubt) {
    Set<OutcomeState> states =
        asked.isEmpty() ? EnumSet.allOf(OutcomeState.class) : EnumSet.copyOf(asked);
    states.remove(OutcomeState.SUCCEEDED);
    if (!confirmInDoubt) {
      states.remove(OutcomeState.IN_DOUBT);
    }
    if (states.isEmpty()) {
      throw Redrive.nothing(
          "SUCCEEDED items are never redriven, IN_DOUBT items only with confirmInDoubt");
    }
    return states;
  }

  /** Gives the same text for the same request, whatever the order of its parts. */
  String canonical() {
    return String.join(
        "\n",
        new TreeSet<>(filter.states()).toString(),
        String.valueOf(filter.statusCode()),
        String.valueOf(filter.errorCode()),
        String.valueOf(filter.destination()),
        new TreeSet<>(filter.indexes()).toString(),
        Boolean.toString(keepKeys));
  }

  private static Set<OutcomeState> states(@Nullable JsonNode node) {
    Set<OutcomeState> states = EnumSet.noneOf(OutcomeState.class);
    each(node, value -> states.add(state(value)));
    return states;
  }

  private static OutcomeState state(JsonNode value) {
    for (OutcomeState state : OutcomeState.values()) {
      if (value.isString() && state.name().equals(value.stringValue())) {
        return state;
      }
    }
    throw ControlBody.invalidValue(
        "/filter/state", "of " + java.util.Arrays.toString(OutcomeState.values()));
  }

  private static Set<Long> indexes(@Nullable JsonNode node) {
    Set<Long> indexes = new TreeSet<>();
    each(
        node,
        value -> {
          if (!value.canConvertToLong()
              || !value.isIntegralNumber()
              || value.longValue() < 0
              || value.longValue() >= Item.MAX_COUNT) {
            throw ControlBody.invalidValue("/filter/index", "item indexes, 0-based");
          }
          indexes.add(value.longValue());
        });
    if (indexes.size() > MAX_INDEXES) {
      throw ControlBody.invalidValue("/filter/index", "at most " + MAX_INDEXES + " indexes");
    }
    return indexes;
  }

  private static void each(@Nullable JsonNode node, Consumer<JsonNode> consumer) {
    if (node == null || node.isNull()) {
      return;
    }
    if (node.isArray()) {
      node.values().forEach(consumer);
    } else {
      consumer.accept(node);
    }
  }

  private static @Nullable Integer status(@Nullable JsonNode node) {
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isInt() || node.intValue() < 100 || node.intValue() > 599) {
      throw ControlBody.invalidValue("/filter/statusCode", "a status of 100 to 599");
    }
    return node.intValue();
  }

  private static @Nullable String text(@Nullable JsonNode node, String pointer) {
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isString()) {
      throw ControlBody.invalidValue(pointer, "a string");
    }
    return node.stringValue();
  }

  private static boolean flag(@Nullable JsonNode node, String pointer) {
    if (node == null || node.isNull()) {
      return false;
    }
    if (!node.isBoolean()) {
      throw ControlBody.invalidValue(pointer, "true or false");
    }
    return node.booleanValue();
  }

  private static boolean keepsKeys(@Nullable JsonNode node) {
    String value =
        node == null || node.isNull() ? "keep" : node.isString() ? node.stringValue() : "";
    return switch (value) {
      case "keep" -> true;
      case "new" -> false;
      default -> throw ControlBody.invalidValue("/idempotencyKey", "keep or new");
    };
  }
}
