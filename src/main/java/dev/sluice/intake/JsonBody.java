package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchLabels;
import dev.sluice.api.OptionFields;
import dev.sluice.api.OptionsReader;
import dev.sluice.api.Pointers;
import dev.sluice.model.BatchOptions;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON: {@code {name?, metadata?, template?, options?, open?, items:[…]}}, with {@code items} last
 * since they are stored as they come.
 */
final class JsonBody implements SubmissionBody {

  private final JsonEnvelope envelope;
  private @Nullable String name;
  private Map<String, String> metadata = Map.of();
  private BatchOptions options = BatchOptions.DEFAULT;
  private Template template = Template.NONE;
  private @Nullable String templateJson;
  private boolean open;

  JsonBody(ContentStream content, IntakeProperties limits) {
    this.envelope = new JsonEnvelope(content, limits);
  }

  @Override
  public BatchHead head() {
    envelope.expect('{');
    for (String member = envelope.nextName(); member != null; member = envelope.nextName()) {
      if (member.equals("items")) {
        if (open) {
          throw ApiProblem.invalid(
              "/items", "items_not_allowed", "An open batch takes its items in chunks later");
        }
        return new BatchHead(
            new BatchLabels(name, metadata), options, template, templateJson, false);
      }
      member(member);
    }
    envelope.end();
    if (!open) {
      throw ApiProblem.invalid("/items", "missing_items", "items are missing");
    }
    return new BatchHead(new BatchLabels(name, metadata), options, template, templateJson, true);
  }

  private void member(String member) {
    switch (member) {
      case "name", "metadata", "template", "options", "open" -> {
        byte[] slice = envelope.slice();
        JsonNode value = JsonEnvelope.parse(slice);
        if (!value.isNull()) {
          known(member, value, slice);
        }
      }
      case "vars", "csv" -> throw ApiProblem.notSupported(member);
      default -> {
        String message = "A submission has no field " + Pointers.shown(member);
        throw ApiProblem.invalid(Pointers.to(member), "unknown_field", message);
      }
    }
  }

  private void known(String member, JsonNode value, byte[] slice) {
    switch (member) {
      case "name" -> name = BatchLabels.name(value);
      case "open" -> {
        if (!value.isBoolean()) {
          throw JsonEnvelope.wrongType(member, "true or false");
        }
        open = value.booleanValue();
      }
      case "metadata" -> metadata = BatchLabels.metadata(value);
      case "options" ->
          options = OptionsReader.read(OptionFields.ofBody(object(member, value), "/options"));
      case "template" -> {
        object(member, value);
        template = Template.read(slice);
        templateJson = new String(slice, StandardCharsets.UTF_8);
      }
      default -> throw new IllegalStateException(member + " is not known, indicates a bug");
    }
  }

  private static ObjectNode object(String member, JsonNode value) {
    if (value instanceof ObjectNode object) {
      return object;
    }
    throw JsonEnvelope.wrongType(member, "an object");
  }

  @Override
  public long items(ItemReader reader, ErrorLog errors) {
    if (!envelope.isNext('[')) {
      throw JsonEnvelope.wrongType("items", "an array");
    }
    long count = envelope.elements(reader, errors);
    if (errors.isEmpty()) {
      String after = envelope.nextName();
      if (after != null) {
        String message = Pointers.shown(after) + " must come before items, which are streamed";
        throw ApiProblem.invalid(Pointers.to(after), "field_after_items", message);
      }
      envelope.end();
    }
    return count;
  }
}
