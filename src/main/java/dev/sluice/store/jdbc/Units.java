package dev.sluice.store.jdbc;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/** Who runs units of work, by the patience of who asks. */
record Units(Map<Patience, StoreWriter> writers, Map<Patience, StoreReader> readers) {

  /** The same for all. */
  static Units same(StoreWriter writer, StoreReader readers) {
    return of(_ -> writer, _ -> readers);
  }

  static Units of(
      Function<Patience, StoreWriter> writers, Function<Patience, StoreReader> readers) {
    Map<Patience, StoreWriter> writing = new EnumMap<>(Patience.class);
    Map<Patience, StoreReader> reading = new EnumMap<>(Patience.class);
    for (Patience patience : Patience.values()) {
      writing.put(patience, writers.apply(patience));
      reading.put(patience, readers.apply(patience));
    }
    return new Units(writing, reading);
  }

  StoreWriter writer(Patience patience) {
    return one(writers, patience);
  }

  StoreReader reader(Patience patience) {
    return one(readers, patience);
  }

  private static <T> T one(Map<Patience, T> all, Patience patience) {
    T one = all.get(patience);
    if (one == null) {
      throw new IllegalStateException("Nobody is as patient as " + patience + ", indicates a bug");
    }
    return one;
  }
}
