package dev.sluice.chaos.agent;

import java.util.List;

/**
 * A build that is broken on purpose, to see that the laboratory notices.
 *
 * @param name such as {@code answer-before-commit}
 * @param meaning what it breaks
 * @param nets what has to catch it, each of them
 */
public record Mutation(String name, String meaning, List<Net> nets, List<Change> changes) {

  /** One for a single net. */
  public Mutation(String name, String meaning, Net net, List<Change> changes) {
    this(name, meaning, List.of(net), changes);
  }

  public Mutation {
    nets = List.copyOf(nets);
    changes = List.copyOf(changes);
  }

  /** What catches a mutation. */
  public enum Net {
    /** SIGKILL under load. */
    KILL,
    /** SIGTERM under load. */
    TERM,
    /** Images of the disk. */
    POWER,
    /** A stopped process and its rival. */
    ZOMBIE,
    /** The laws of the store. */
    CONTRACT,
    /** SIGKILL of one of several replicas, which its peers have to notice. */
    REPLICA_KILL,
    /** One of several replicas that stands still until it is taken for dead. */
    REPLICA_ZOMBIE,
    /** One of several replicas that does not reach the database. */
    PARTITION
  }
}
