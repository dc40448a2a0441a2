package dev.sluice.intake;

import dev.sluice.store.NewShard;

/** Takes finished shards, within one destination in index order. */
@FunctionalInterface
interface ShardSink {

  void accept(NewShard shard);
}
