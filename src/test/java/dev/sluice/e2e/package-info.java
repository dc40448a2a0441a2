/**
 * The packaged service as a whole: spawned from its jar, driven over its public API, judged by what
 * real HTTP servers saw.
 */
@NullMarked
package dev.sluice.e2e;

import org.jspecify.annotations.NullMarked;
