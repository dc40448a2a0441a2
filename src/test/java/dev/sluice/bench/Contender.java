package dev.sluice.bench;

import java.util.ArrayList;
import java.util.List;

/** A sender in a process of its own. */
interface Contender extends AutoCloseable {

  /**
   * Sends and waits for the last reply.
   *
   * @return a round for each way in which the contender is measured, in the order of {@link #names}
   */
  List<Round> send(int items, int concurrency);

  /** Gives what its rounds are called in tables. */
  List<String> names();

  /** Gives its process. */
  long pid();

  @Override
  void close();

  /**
   * Warms all up, then lets them send one after the other, round by round.
   *
   * @return what each of their {@link #names} measured, in order
   */
  static List<Measured> inTurn(List<Contender> contenders, Plan plan, int concurrency) {
    List<Measured> all = new ArrayList<>();
    contenders.forEach(contender -> contender.names().forEach(name -> all.add(new Measured(name))));
    if (plan.warmUpItems() > 0) {
      contenders.forEach(contender -> contender.send(plan.warmUpItems(), concurrency));
    }
    for (int round = 0; round < plan.rounds(); round++) {
      int column = 0;
      for (Contender contender : contenders) {
        for (Round result : contender.send(plan.items(), concurrency)) {
          all.get(column++).add(result, ProcessCost.peakResidentMebibytes(contender.pid()));
        }
      }
    }
    return all;
  }
}
