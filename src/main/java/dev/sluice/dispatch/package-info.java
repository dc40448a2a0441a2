/**
 * Claims become outcomes under limits: lanes, their gates, retry decisions, the outcome path, and
 * the housekeeping that follows control calls.
 *
 * <p>The only room that knows both {@code store} and {@code attempt}, and the only one that uses
 * Resilience4j.
 */
@NullMarked
package dev.sluice.dispatch;

import org.jspecify.annotations.NullMarked;
