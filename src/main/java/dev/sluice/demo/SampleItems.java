package dev.sluice.demo;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.IntFunction;

/** The sample batch as NDJSON, made while it is sent: 500 lines at a time, never all of it. */
final class SampleItems implements Iterable<byte[]> {

  private static final int CHUNK_ITEMS = 500;

  private final int count;
  private final IntFunction<String> url;

  /**
   * @param url gives the URL of an item by its index
   */
  SampleItems(int count, IntFunction<String> url) {
    this.count = count;
    this.url = url;
  }

  @Override
  public Iterator<byte[]> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < count;
      }

      @Override
      public byte[] next() {
        if (next >= count) {
          throw new NoSuchElementException();
        }
        StringBuilder lines = new StringBuilder();
        int end = Math.min(count, next + CHUNK_ITEMS);
        for (; next < end; next++) {
          lines.append(line(next)).append('\n');
        }
        return lines.toString().getBytes(StandardCharsets.UTF_8);
      }
    };
  }

  /** Gives an item of the batch, or one that would follow it. */
  String line(int index) {
    return "{\"id\":\"order-"
        + index
        + "\",\"url\":\""
        + url.apply(index)
        + "\",\"body\":{\"order\":"
        + index
        + ",\"article\":\"A-"
        + index % 997
        + "\",\"quantity\":"
        + (1 + index % 9)
        + "}}";
  }
}
