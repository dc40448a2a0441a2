package dev.sluice.ops;

import java.util.EnumMap;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;

/** One meter for each value of a tag, made beforehand: an event looks nothing up but an array. */
final class MetersByTag<E extends Enum<E>, M> {

  /** Complete and never written again. */
  private final EnumMap<E, M> meters;

  MetersByTag(Class<E> tag, Function<E, M> meter) {
    meters = new EnumMap<>(tag);
    for (E value : tag.getEnumConstants()) {
      meters.put(value, meter.apply(value));
    }
  }

  M of(E value) {
    return Objects.requireNonNull(meters.get(value));
  }

  void forEach(Consumer<M> action) {
    meters.values().forEach(action);
  }
}
