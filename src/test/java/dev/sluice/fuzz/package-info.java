/**
 * Parsers against input that nobody thought of: mutations of good input, the same for a seed, for a
 * moment in every build and for as long as told under the profile {@code fuzz}.
 */
@NullMarked
package dev.sluice.fuzz;

import org.jspecify.annotations.NullMarked;
