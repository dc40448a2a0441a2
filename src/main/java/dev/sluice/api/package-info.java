/**
 * The manners of the HTTP API that intake, report and control share: problems (RFC 9457), the view
 * of a batch, durations, query parameters.
 *
 * <p>Knows {@code model} and {@code store}; decides nothing.
 */
@NullMarked
package dev.sluice.api;

import org.jspecify.annotations.NullMarked;
