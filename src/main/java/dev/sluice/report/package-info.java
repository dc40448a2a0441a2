/**
 * The read side: batches, items, results, failures, events, destinations, as stored and as lanes
 * last published.
 *
 * <p>Never writes. Knows {@code model}, {@code store} and {@code api}.
 */
@NullMarked
package dev.sluice.report;

import org.jspecify.annotations.NullMarked;
