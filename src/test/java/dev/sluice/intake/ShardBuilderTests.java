package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BodyKind;
import dev.sluice.model.Destination;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import dev.sluice.store.IdFilter;
import dev.sluice.store.NewShard;
import dev.sluice.store.ShardDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ShardBuilderTests {

  private final List<NewShard> shards = new ArrayList<>();

  private static Destination destination(int number) {
    return new Destination("http", "h" + number + ".example", 80);
  }

  private static Item item(long index, int bodyBytes) {
    OutboundRequest request =
        new OutboundRequest("POST", "/", List.of(), BodyKind.TEXT, new byte[bodyBytes]);
    return new Item(index, "id" + index, request, null, null, null);
  }

  private ShardBuilder builder(long cap) {
    return new ShardBuilder(() -> cap, shards::add);
  }

  @Test
  void fillsShardsByItems() {
    ShardBuilder builder = builder(64 << 20);
    for (int i = 0; i < 1001; i++) {
      builder.accept(destination(0), item(i, 10));
    }
    builder.flush();

    assertThat(shards.stream().map(NewShard::itemCount)).containsExactly(500, 500, 1);
    assertThat(IdFilter.mightContain(shards.get(1).idFilter(), "id700")).isTrue();
  }

  @Test
  void fillsShardsByBytes() {
    ShardBuilder builder = builder(64 << 20);
    for (int i = 0; i < 10; i++) {
      builder.accept(destination(0), item(i, 1_000_000));
    }
    builder.accept(destination(0), item(10, 6_000_000));
    builder.flush();

    assertThat(shards.stream().map(NewShard::itemCount)).containsExactly(4, 4, 2, 1);
    assertThat(shards.subList(0, 3))
        .allSatisfy(shard -> assertThat(shard.payload()).hasSizeLessThan(NewShard.MAX_BYTES));
  }

  @Test
  void fillsShardsBySpan() {
    ShardBuilder builder = builder(64 << 20);
    builder.accept(destination(0), item(0, 10));
    builder.accept(destination(0), item(NewShard.MAX_SPAN - 1, 10));
    builder.accept(destination(0), item(NewShard.MAX_SPAN, 10));
    builder.flush();

    assertThat(shards.stream().map(NewShard::itemCount)).containsExactly(2, 1);
  }

  @Test
  void underTheCapTheLargestGoFirst() {
    ShardBuilder builder = builder(1 << 20);
    for (int i = 0; i < 20; i++) {
      builder.accept(destination(1), item(i, 100));
    }
    int index = 20;
    while (shards.isEmpty()) {
      builder.accept(destination(0), item(index++, 10_000));
    }

    assertThat(shards.stream().map(NewShard::destination)).containsExactly(destination(0));
  }

  @Test
  void whenEvenTheLargestIsSmallAllGoAtOnce() {
    ShardBuilder builder = builder(1 << 20);
    int index = 0;
    while (shards.isEmpty()) {
      builder.accept(destination(index), item(index, 1000));
      index++;
    }

    assertThat(shards).hasSize(index);
  }

  @Test
  void losesNothingAndKeepsTheOrderOfEachDestination() {
    Random random = new Random(5);
    ShardBuilder builder = builder(300_000);
    int count = 100_000;
    int[] destinations = new int[count];
    for (int i = 0; i < count; i++) {
      destinations[i] = (int) Math.abs(random.nextGaussian() * 40);
      builder.accept(destination(destinations[i]), item(i, random.nextInt(200)));
    }
    builder.flush();

    long[] last = new long[1000];
    java.util.Arrays.fill(last, -1);
    int seen = 0;
    for (NewShard shard : shards) {
      ShardDecoder decoder = ShardDecoder.open(shard.payload());
      for (int i = 0; i < decoder.itemCount(); i++) {
        int index = (int) decoder.item(i).index();
        int number = destinations[index];
        assertThat(shard.destination()).isEqualTo(destination(number));
        assertThat((long) index).isGreaterThan(last[number]);
        last[number] = index;
        seen++;
      }
    }
    assertThat(seen).isEqualTo(count);
  }
}
