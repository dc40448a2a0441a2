/**
 * A submission becomes shards: bodies are streamed, every item is validated, items are grouped by
 * destination and stored as they come; nothing is dispatched before the seal.
 *
 * <p>Memory is bounded whatever a client sends, and whatever it sends gets a 4xx that says where it
 * is wrong. Knows {@code model}, {@code store} and {@code api}.
 */
@NullMarked
package dev.sluice.intake;

import org.jspecify.annotations.NullMarked;
