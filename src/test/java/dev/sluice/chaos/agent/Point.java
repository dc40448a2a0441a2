package dev.sluice.chaos.agent;

/**
 * A named point at which the process can be made to end.
 *
 * @param name such as {@code commit.before}
 * @param need what has to happen for the process to come by
 * @param most the largest hit to wait for: 200 where it is passed all the time, 1 where it is rare
 */
public record Point(String name, Need need, int most, Place place) {

  /** What brings a process to a point. */
  public enum Need {
    /** Items being sent. */
    LOAD,
    /** A start after a crash. */
    START,
    /** SIGTERM. */
    TERM,
    /** Chunks and a seal. */
    CHUNKS,
    /** An upload that is broken off. */
    BROKEN_UPLOAD,
    /** Pauses and resumes. */
    PAUSE,
    /** Cancels. */
    CANCEL,
    /** Redrives. */
    REDRIVE
  }
}
