/**
 * Named credentials that Sluice shows to destinations: from configuration, the environment or
 * mounted files, each bound to hosts, never shown to a client. Knows {@code model} and the egress
 * policy.
 */
@NullMarked
package dev.sluice.attempt.auth;

import org.jspecify.annotations.NullMarked;
