package dev.sluice.demo;

import tools.jackson.databind.JsonNode;

/**
 * One line of the results.
 *
 * @param latencyMs of the last attempt; negative when none was made
 */
record ResultLine(int index, String state, int attempts, long latencyMs) {

  static ResultLine of(JsonNode line) {
    return new ResultLine(
        line.path("index").asInt(-1),
        line.path("state").asString(""),
        line.path("attempts").asInt(0),
        line.path("latencyMs").asLong(-1));
  }
}
