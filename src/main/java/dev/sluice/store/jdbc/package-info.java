/**
 * The roles of the store over plain JDBC: SQLite, one writing thread with group commit, a few
 * reading threads, every native call on a platform thread of this room.
 *
 * <p>Statements are whole SQL texts beside the code that binds them; migrations live under {@code
 * db/migration/<vendor>}. Knows {@code store} and {@code model}.
 */
@NullMarked
package dev.sluice.store.jdbc;

import org.jspecify.annotations.NullMarked;
