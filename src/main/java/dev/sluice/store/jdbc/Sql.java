package dev.sluice.store.jdbc;

/** One statement as each database wants it, whole; the parameters are the same in both. */
record Sql(String sqlite, String postgres) {

  /** Gives a statement that both understand. */
  static Sql both(String text) {
    return new Sql(text, text);
  }

  /** Gives the text for a database. */
  String in(Dialect dialect) {
    return switch (dialect) {
      case SQLITE -> sqlite;
      case POSTGRES -> postgres;
    };
  }
}
