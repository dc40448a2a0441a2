/** Tests of where Sluice may send. */
@NullMarked
package dev.sluice.attempt.egress;

import org.jspecify.annotations.NullMarked;
