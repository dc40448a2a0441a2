/**
 * Seals what is secret in items: AES-256-GCM by Google Tink, under keys of the configuration or a
 * key of its own beside the store's file.
 *
 * <p>The only room that knows keys of storage. Knows {@code model} and {@code store}.
 */
@NullMarked
package dev.sluice.secrets;

import org.jspecify.annotations.NullMarked;
