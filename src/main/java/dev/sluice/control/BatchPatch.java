package dev.sluice.control;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchLabels;
import dev.sluice.api.BatchView.HaltOnView;
import dev.sluice.api.DestinationView.RateView;
import dev.sluice.api.OptionFields;
import dev.sluice.api.OptionsReader;
import dev.sluice.api.Pointers;
import dev.sluice.model.BatchOptions;
import dev.sluice.store.BatchSettings;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a client wants changed of a batch, as a merge-patch (RFC 7396): what holds now is written
 * down as it would have been submitted, patched, and read as a submission is.
 */
final class BatchPatch {

  private static final List<String> LABELS = List.of("name", "metadata");
  private static final List<String> OPTIONS =
      List.of("rate", "concurrency", "weight", "deadline", "haltOn");
  private static final List<String> NOT_BUILT = List.of("auth", "window");
  private static final JsonMapper JSON = JsonMapper.shared();

  private final ObjectNode patch;

  private BatchPatch(ObjectNode patch) {
    this.patch = patch;
  }

  /**
   * Takes the body of a call.
   *
   * @throws ApiProblem 400 for a member that does not exist or cannot change, 422 for one that is
   *     not built
   */
  static BatchPatch read(ObjectNode body) {
    for (Map.Entry<String, JsonNode> member : body.properties()) {
      String name = member.getKey();
      if (NOT_BUILT.contains(name)) {
        OptionFields.ofBody(body, "").refuse(name);
      } else if (!LABELS.contains(name) && !OPTIONS.contains(name)) {
        List<String> known = new ArrayList<>(LABELS);
        known.addAll(OPTIONS);
        throw ApiProblem.invalid(
            Pointers.to(name),
            "unknown_field",
            Pointers.shown(name)
                + " is nothing that can change; what can is "
                + String.join(", ", known));
      }
    }
    return new BatchPatch(body);
  }

  /** Gives what it names, for a log. */
  String names() {
    return String.join(",", patch.propertyNames());
  }

  /**
   * Gives what the batch is to be like; {@code null} puts a member back to its default, an absent
   * one stays.
   *
   * @throws ApiProblem 400 for a value that a submission could not have either
   */
  BatchSettings apply(BatchSettings before, Instant now) {
    JsonNode name = patch.get("name");
    JsonNode metadata = patch.get("metadata");
    BatchLabels labels =
        new BatchLabels(
            name == null ? before.name() : BatchLabels.name(name),
            metadata == null
                ? before.metadata()
                : BatchLabels.metadata(
                    withoutNulls(merge(JSON.valueToTree(before.metadata()), metadata))));
    return new BatchSettings(labels.name(), labels.metadata(), options(before.options(), now));
  }

  private BatchOptions options(BatchOptions before, Instant now) {
    ObjectNode wanted = submitted(before);
    boolean named = false;
    for (String member : OPTIONS) {
      JsonNode value = patch.get(member);
      if (value != null) {
        wanted.set(member, merge(wanted.get(member), value));
        named = true;
      }
    }
    if (!named) {
      return before;
    }
    forgetAfter(wanted.get("haltOn"));
    BatchOptions read = OptionsReader.read(OptionFields.ofBody(wanted, ""));
    Instant deadline = read.deadline();
    if (deadline != null && !Objects.equals(deadline, before.deadline())) {
      OptionsReader.requireAhead(deadline, now, "/deadline");
    }
    return before
        .change()
        .rate(read.rate())
        .concurrency(read.concurrency())
        .weight(read.weight())
        .deadline(deadline)
        .haltOn(read.haltOn())
        .build();
  }

  /** With the ratio goes what it begins after, unless the patch names that too. */
  private void forgetAfter(@Nullable JsonNode wanted) {
    boolean named = patch.path("haltOn").has("after");
    if (!named && wanted instanceof ObjectNode haltOn && isNull(haltOn.get("failureRatio"))) {
      haltOn.remove("after");
    }
  }

  /** Gives the options that can change, and what they are checked against, as a client has them. */
  private static ObjectNode submitted(BatchOptions options) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.set("rate", JSON.valueToTree(RateView.of(options.rate())));
    node.set("haltOn", JSON.valueToTree(HaltOnView.of(options.haltOn())));
    node.put("concurrency", options.concurrency());
    node.put("weight", options.weight());
    node.put("notBefore", text(options.notBefore()));
    node.put("deadline", text(options.deadline()));
    return node;
  }

  private static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }

  private static JsonNode withoutNulls(JsonNode node) {
    if (node instanceof ObjectNode object) {
      List.copyOf(object.propertyNames()).stream()
          .filter(name -> isNull(object.get(name)))
          .forEach(object::remove);
    }
    return node;
  }

  private static boolean isNull(@Nullable JsonNode node) {
    return node == null || node.isNull();
  }

  /**
   * Gives a value after its patch. A null within stays, for who reads it: absent to a reader of
   * options, which still refuses names that it does not know.
   */
  private static JsonNode merge(@Nullable JsonNode under, JsonNode over) {
    if (!(over instanceof ObjectNode changes) || !(under instanceof ObjectNode before)) {
      return over;
    }
    ObjectNode merged = before.deepCopy();
    changes.properties().forEach(change -> merged.set(change.getKey(), change.getValue()));
    return merged;
  }
}
