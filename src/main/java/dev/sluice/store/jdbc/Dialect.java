package dev.sluice.store.jdbc;

/** The SQL that a store's database speaks. */
enum Dialect {
  SQLITE,
  POSTGRES
}
