package dev.sluice.hostile;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What a hostile destination knows for certain, by {@code Idempotency-Key}. Any thread. */
public final class Oracle {

  private final ConcurrentMap<String, Item> items = new ConcurrentHashMap<>();
  private final LongAdder received = new LongAdder();

  /** What was seen of one item: whole requests, and heads of 2xx replies written. */
  private record Item(AtomicInteger received, AtomicInteger answeredWell) {
    Item() {
      this(new AtomicInteger(), new AtomicInteger());
    }
  }

  void received(String key) {
    received.increment();
    item(key).received.incrementAndGet();
  }

  void answeredWell(String key) {
    item(key).answeredWell.incrementAndGet();
  }

  private Item item(String key) {
    return items.computeIfAbsent(key, _ -> new Item());
  }

  /** Gives how many whole requests came, of all items. */
  public long receivedCount() {
    return received.sum();
  }

  /** Gives how many whole requests of an item came. */
  public int receivedCount(String key) {
    Item item = items.get(key);
    return item == null ? 0 : item.received.get();
  }

  /** Gives how many 2xx heads were written to requests of an item. */
  public int answeredWellCount(String key) {
    Item item = items.get(key);
    return item == null ? 0 : item.answeredWell.get();
  }
}
