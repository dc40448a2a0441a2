/**
 * The nouns of Sluice: immutable values that every room shares.
 *
 * <p>Knows the JDK and JSpecify, nothing else.
 */
@NullMarked
package dev.sluice.model;

import org.jspecify.annotations.NullMarked;
