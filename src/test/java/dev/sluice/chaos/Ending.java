package dev.sluice.chaos;

import dev.sluice.chaos.agent.Point.Need;
import dev.sluice.fixture.SluiceProcess;
import java.util.List;
import java.util.Random;

/** How a process ends. */
interface Ending {

  /**
   * What the end of a process may have cost.
   *
   * @param duplicates items that may be sent twice
   * @param doubts items that may be in doubt
   */
  record Cost(int duplicates, int doubts) {}

  /**
   * The life of a process.
   *
   * @param ready whether it became ready
   */
  record Life(SluiceProcess process, boolean ready, Settings settings, Random random, Story story) {

    /** What an end without warning may cost. */
    Cost crash() {
      return new Cost(settings.duplicateBound(), settings.doubtBound());
    }
  }

  /** Gives options of the agent; none for a process without it. */
  default List<String> agentOptions() {
    return List.of();
  }

  /** Gives what the clients do before. */
  default Need need() {
    return Need.LOAD;
  }

  /** Tells whether the process is left alone until it is ready. */
  default boolean waitsForReady() {
    return true;
  }

  /** Ends the process; on return it is gone. */
  Cost end(Life life);

  /** Tells what it does, to repeat it. */
  String describe();
}
