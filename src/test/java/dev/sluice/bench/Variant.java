package dev.sluice.bench;

import java.util.List;

/**
 * One way to send with a process that others may share, from the POST to the last outcome.
 *
 * @param options query parameters of its batches; may be empty
 */
record Variant(SluiceContender sluice, String name, String options) implements Contender {

  @Override
  public List<Round> send(int items, int concurrency) {
    return List.of(sluice.send(items, options).getFirst());
  }

  @Override
  public List<String> names() {
    return List.of(name);
  }

  @Override
  public long pid() {
    return sluice.pid();
  }

  @Override
  public void close() {
    sluice.close();
  }
}
