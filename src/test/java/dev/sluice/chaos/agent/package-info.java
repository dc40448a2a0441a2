/**
 * What the laboratory puts into the process under test: a Java agent that ends it at a named point
 * or breaks it on purpose. It knows the JDK alone, since it runs where tests are not.
 */
@NullMarked
package dev.sluice.chaos.agent;

import org.jspecify.annotations.NullMarked;
