/**
 * Operation: what is counted, whether the service is well, and how it listens. The only room that
 * knows Micrometer; it turns what other rooms report in the past tense into meters and reads boards
 * that they keep.
 *
 * <p>Knows {@code model} and {@code store}. Every tag value comes from a bounded set.
 */
@NullMarked
package dev.sluice.ops;

import org.jspecify.annotations.NullMarked;
