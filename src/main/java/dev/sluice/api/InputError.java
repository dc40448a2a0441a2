package dev.sluice.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One thing wrong with the input.
 *
 * @param line physical line of an NDJSON body, 1-based
 * @param index index of the item within the request, 0-based
 * @param pointer JSON pointer to the value
 * @param code stable, to branch on
 * @param message for people
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record InputError(
    @Nullable Long line,
    @Nullable Long index,
    @Nullable String pointer,
    String code,
    String message) {}
