package dev.sluice.control;

import dev.sluice.api.DestinationKeys;
import dev.sluice.api.DestinationView;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.model.Destination;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.StateReason;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sets live limits of destinations and pauses them; a destination may be set before its first use.
 */
@Tag(name = "Destinations")
@Requires(Role.ADMIN)
@RestController
@RequestMapping(path = "/v1/destinations/{key}", produces = MediaType.APPLICATION_JSON_VALUE)
final class DestinationControlController {

  private static final Logger log = LoggerFactory.getLogger(DestinationControlController.class);

  private final ControlBoard board;
  private final ProcessClock clock;

  DestinationControlController(ControlBoard board, ProcessClock clock) {
    this.board = board;
    this.clock = clock;
  }

  @Operation(
      summary = "Change the limits of a destination",
      description =
          "Merge-patch of {rate: {permits, per, burst}, concurrency: n or {mode: adaptive or fixed, max: n},"
              + " breaker: open, closed or auto}; null puts a key back to its default.")
  @RequestBody(
      required = true,
      content =
          @Content(
              mediaType = "application/merge-patch+json",
              schema = @Schema(type = "object"),
              examples =
                  @ExampleObject(
                      "{\"rate\":{\"permits\":300,\"per\":\"1s\",\"burst\":30},\"concurrency\":{\"mode\":\"fixed\",\"max\":50},\"breaker\":\"auto\"}")))
  @PatchMapping
  DestinationView patch(@PathVariable String key, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    Destination destination = DestinationKeys.parse(key);
    ObjectNode patch = ControlBody.read(request);
    return update(destination, before -> SettingsPatch.apply(before, patch));
  }

  @Operation(
      summary = "Replace the limits of a destination",
      description = "As PATCH, but a key left out goes back to its default.")
  @RequestBody(
      required = true,
      content =
          @Content(
              mediaType = "application/json",
              schema = @Schema(type = "object"),
              examples =
                  @ExampleObject(
                      "{\"rate\":{\"permits\":300,\"per\":\"1s\",\"burst\":30},\"concurrency\":{\"mode\":\"fixed\",\"max\":50},\"breaker\":\"auto\"}")))
  @PutMapping
  DestinationView put(@PathVariable String key, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    Destination destination = DestinationKeys.parse(key);
    ObjectNode body = ControlBody.read(request);
    return update(destination, _ -> SettingsPatch.apply(DestinationSettings.DEFAULT, body));
  }

  private DestinationView update(
      Destination destination, UnaryOperator<DestinationSettings> change) {
    DestinationRecord record = board.update(destination, change);
    DestinationSettings settings = record.settings();
    log.atInfo()
        .addKeyValue("destination", destination.key())
        .addKeyValue("rate", settings.rate())
        .addKeyValue("concurrency", settings.concurrency())
        .addKeyValue("breaker", settings.breaker())
        .log("Destination limits set.");
    return DestinationView.of(record, clock.instant());
  }

  @Operation(
      summary = "Pause a destination",
      description = "Optional body {\"reason\", \"until\"}; without until it holds until resumed.")
  @RequestBody(
      required = false,
      content =
          @Content(
              mediaType = "application/json",
              schema = @Schema(type = "object"),
              examples =
                  @ExampleObject("{\"reason\":\"deploy\",\"until\":\"2030-01-31T12:00:00Z\"}")))
  @PostMapping("/pause")
  DestinationView pause(@PathVariable String key, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    Destination destination = DestinationKeys.parse(key);
    ObjectNode body = ControlBody.read(request);
    ControlBody.allowKeys(body, "", Set.of("reason", "until"), Set.of());
    StateReason reason = Reasons.read(body, "Paused through the API");
    DestinationRecord record = board.pauseDestination(destination, until(body), reason);
    log.atInfo().addKeyValue("destination", destination.key()).log("Destination paused.");
    return DestinationView.of(record, clock.instant());
  }

  @Operation(summary = "End the pause of a destination")
  @PostMapping("/resume")
  DestinationView resume(@PathVariable String key, HttpServletRequest request)
      throws IOException, HttpMediaTypeNotSupportedException {
    Destination destination = DestinationKeys.parse(key);
    ControlBody.allowKeys(ControlBody.read(request), "", Set.of(), Set.of());
    DestinationRecord record = board.resumeDestination(destination);
    log.atInfo().addKeyValue("destination", destination.key()).log("Destination resumed.");
    return DestinationView.of(record, clock.instant());
  }

  private @Nullable Instant until(ObjectNode body) {
    JsonNode given = body.get("until");
    if (given == null || given.isNull()) {
      return null;
    }
    String expected = "a time ahead such as 2030-01-31T12:00:00Z";
    if (!given.isString()) {
      throw ControlBody.invalidValue("/until", expected);
    }
    try {
      Instant until = OffsetDateTime.parse(given.stringValue()).toInstant();
      if (until.isAfter(clock.instant())) {
        return until;
      }
    } catch (DateTimeParseException _) {
      throw ControlBody.invalidValue("/until", expected);
    }
    throw ControlBody.invalidValue("/until", expected);
  }
}
