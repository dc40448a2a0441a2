/** Tests of named credentials. */
@NullMarked
package dev.sluice.attempt.auth;

import org.jspecify.annotations.NullMarked;
