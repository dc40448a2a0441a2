/**
 * The durable truth: role interfaces with their laws, the records that pass through them, and the
 * encoding of shards.
 *
 * <p>Every role is blocking, list in and list out; none may be called on an event loop. Adapters
 * live in rooms of their own and pass the same contract suite. Knows {@code model}.
 */
@NullMarked
package dev.sluice.store;

import org.jspecify.annotations.NullMarked;
