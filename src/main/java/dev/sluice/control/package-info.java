/**
 * The hand on the valve: pause, resume, cancel, redrive, live limits. Writes desired state;
 * dispatch follows within a second.
 *
 * <p>Knows {@code model}, {@code store} and {@code api}.
 */
@NullMarked
package dev.sluice.control;

import org.jspecify.annotations.NullMarked;
