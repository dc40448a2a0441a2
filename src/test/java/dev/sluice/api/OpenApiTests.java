package dev.sluice.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class OpenApiTests extends ApiTestBase {

  @Test
  void describesEveryCallOfTheReadSideAndTheControls() {
    JsonNode api = get("/v3/api-docs").json();

    assertThat(api.path("openapi").asString()).startsWith("3.1");
    assertThat(api.path("info").path("title").asString()).isEqualTo("Sluice");
    JsonNode paths = api.path("paths");
    for (String call :
        List.of(
            "get /v1/batches",
            "get /v1/batches/{id}",
            "get /v1/batches/{id}/failures",
            "get /v1/batches/{id}/events",
            "get /v1/batches/{id}/explain",
            "get /v1/batches/{batchId}/items",
            "get /v1/batches/{batchId}/items/{index}",
            "get /v1/batches/{batchId}/results",
            "get /v1/items",
            "patch /v1/batches/{id}",
            "post /v1/batches/{id}/pause",
            "post /v1/batches/{id}/resume",
            "post /v1/batches/{id}/cancel",
            "post /v1/batches/{id}/redrive",
            "get /v1/destinations",
            "get /v1/destinations/{key}",
            "put /v1/destinations/{key}",
            "patch /v1/destinations/{key}",
            "post /v1/destinations/{key}/pause",
            "post /v1/destinations/{key}/resume")) {
      String[] parts = call.split(" ", 2);
      JsonNode operation = paths.path(parts[1]).path(parts[0]);
      assertThat(operation.path("summary").asString("")).as(call).isNotEmpty();
      assertThat(operation.path("tags").size()).as(call).isEqualTo(1);
      assertThat(
              operation
                  .path("responses")
                  .path("default")
                  .path("content")
                  .has("application/problem+json"))
          .as(call)
          .isTrue();
      assertThat(operation.path("responses").path("200").isMissingNode()).as(call).isFalse();
    }
    assertThat(api.path("components").path("schemas").propertyNames()).doesNotContain("Caller");
    assertThat(api.path("security").toString()).contains("bearer");
    assertThat(paths.propertyNames()).doesNotContain("/error", "/v1/batches/{id}/timeline");
    assertThat(api.path("components").path("schemas").path("Problem").path("required").size())
        .isEqualTo(5);
    JsonNode results =
        paths.path("/v1/batches/{batchId}/results").path("get").path("responses").path("200");
    assertThat(results.path("content").propertyNames())
        .containsExactlyInAnyOrder("application/x-ndjson", "text/csv");
    assertThat(paths.path("/v1/batches/{id}").path("get").path("responses").path("200").toString())
        .contains("#/components/schemas/BatchView");
  }

  @Test
  void showsSwaggerUi() {
    assertThat(get("/swagger-ui.html").status()).isEqualTo(302);
    assertThat(get("/swagger-ui/index.html").body()).contains("swagger-ui");
  }
}
