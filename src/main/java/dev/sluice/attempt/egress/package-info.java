/**
 * Where Sluice may send: hosts and ports by name, addresses by their bytes, when a name is resolved
 * and again when its address is dialled. Knows {@code model}; the rest of {@code attempt} puts its
 * guards into the client.
 */
@NullMarked
package dev.sluice.attempt.egress;

import org.jspecify.annotations.NullMarked;
