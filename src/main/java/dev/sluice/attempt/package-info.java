/**
 * One exchange with a destination: from an item to a verdict, never an error.
 *
 * <p>The only room that knows WebClient and Netty. Knows {@code model}.
 */
@NullMarked
package dev.sluice.attempt;

import org.jspecify.annotations.NullMarked;
