/**
 * Who may come in: safe start-up, API keys and tokens, roles and tenants, quotas, the record of who
 * did what, what a browser may be made to send, security headers.
 *
 * <p>Knows {@code model}, {@code store} and the manners of {@code api}; the other rooms do not know
 * it.
 */
@NullMarked
package dev.sluice.security;

import org.jspecify.annotations.NullMarked;
