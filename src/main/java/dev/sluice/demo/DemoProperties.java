package dev.sluice.demo;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * The demo; read under the profile {@code demo} only.
 *
 * @param items items of the sample batch, 1 to 10,000,000; the progress line shows them
 * @param exit ends the process after the summary, with 0 when everything adds up, else 1; otherwise
 *     Sluice keeps serving
 * @param limit longest time the sample batch may take before the demo gives it up
 * @param singleBatches batches of one item each, one after the other, once the sample batch is
 *     done, 0 to 100,000; what trains an AOT cache for small submissions
 */
@Validated
@ConfigurationProperties(value = "sluice.demo", ignoreUnknownFields = false)
record DemoProperties(
    @DefaultValue("10000") @Min(1) @Max(10_000_000) int items,
    @DefaultValue("false") boolean exit,
    @DefaultValue("5m") Duration limit,
    @DefaultValue("0") @Min(0) @Max(100_000) int singleBatches) {}
