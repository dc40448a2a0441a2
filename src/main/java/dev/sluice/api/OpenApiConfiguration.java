package dev.sluice.api;

import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.ArraySchema;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.tags.Tag;
import java.util.List;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Describes the API: OpenAPI 3.1 at {@code /v3/api-docs}, Swagger UI at {@code /swagger-ui.html}.
 */
@Configuration(proxyBeanMethods = false)
class OpenApiConfiguration {

  private static final String PROBLEM = "Problem";
  private static final String BEARER = "bearer";

  static {
    // Who calls comes from the credential, so it is no parameter.
    SpringDocUtils.getConfig().addRequestWrapperToIgnore(Caller.class);
  }

  @Bean
  OpenAPI sluiceApi(ObjectProvider<BuildProperties> build) {
    BuildProperties properties = build.getIfAvailable();
    String version = properties == null ? null : properties.getVersion();
    return new OpenAPI()
        .info(
            new Info()
                .title("Sluice")
                .description(
                    "Durable batch dispatch of HTTP requests. Every error is an RFC 9457 problem"
                        + " with a stable code.")
                .version(version == null ? "development" : version))
        .components(
            new Components()
                .addSecuritySchemes(
                    BEARER,
                    new SecurityScheme()
                        .type(SecurityScheme.Type.HTTP)
                        .scheme("bearer")
                        .description(
                            "An API key or a JSON Web Token, where the operator asks for one")))
        .addSecurityItem(new SecurityRequirement().addList(BEARER))
        .tags(
            List.of(
                new Tag().name("Batches").description("Submit, follow and control batches"),
                new Tag().name("Items").description("Single items with their attempts"),
                new Tag().name("Results").description("Outcomes as a stream"),
                new Tag().name("Destinations").description("Where items go, and its limits")));
  }

  /** Every call may answer a problem. */
  @Bean
  OpenApiCustomizer problems() {
    return api -> {
      api.getComponents().addSchemas(PROBLEM, problem());
      api.getPaths()
          .values()
          .forEach(
              path ->
                  path.readOperations()
                      .forEach(
                          operation -> operation.getResponses().addApiResponse("default", any())));
    };
  }

  private static ApiResponse any() {
    return new ApiResponse()
        .description("A problem; branch on its code")
        .content(
            new Content()
                .addMediaType(
                    "application/problem+json",
                    new MediaType()
                        .schema(new Schema<>().$ref("#/components/schemas/" + PROBLEM))));
  }

  private static Schema<?> problem() {
    Schema<?> error =
        new ObjectSchema()
            .addProperty("line", new IntegerSchema().description("1-based line of the body"))
            .addProperty("index", new IntegerSchema().description("0-based index of the item"))
            .addProperty("pointer", new StringSchema().description("JSON pointer to the value"))
            .addProperty("code", new StringSchema())
            .addProperty("message", new StringSchema());
    Schema<?> problem = new ObjectSchema();
    problem.setRequired(List.of("type", "title", "status", "detail", "code"));
    return problem
        .description("RFC 9457 problem; further members depend on the code")
        .addProperty("type", new StringSchema().format("uri"))
        .addProperty("title", new StringSchema())
        .addProperty("status", new IntegerSchema())
        .addProperty("detail", new StringSchema())
        .addProperty("instance", new StringSchema())
        .addProperty("code", new StringSchema().description("Stable, to branch on"))
        .addProperty("errors", new ArraySchema().items(error));
  }
}
