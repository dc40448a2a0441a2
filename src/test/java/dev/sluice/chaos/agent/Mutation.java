package dev.sluice.chaos.agent;

import java.util.List;

/**
 * A build that is broken on purpose, to see that the laboratory notices.
 *
 * @param name such as {@code answer-before-commit}
 * @param meaning what it breaks
 * @param net what has to catch it
 */
public record Mutation(String name, String meaning, Net net, List<Change> changes) {

  public Mutation {
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
    CONTRACT
  }
}
