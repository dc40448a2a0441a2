/** Measures the packaged service as a whole process, against a sink that costs next to nothing. */
@NullMarked
package dev.sluice.bench;

import org.jspecify.annotations.NullMarked;
