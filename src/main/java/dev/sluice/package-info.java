/** Sluice: a durable batch-dispatch microservice. Each package below is one room of the house. */
@NullMarked
package dev.sluice;

import org.jspecify.annotations.NullMarked;
