package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.TimeTrust;

/** What the roles share. */
record StoreParts(
    StoreProperties properties,
    ProcessClock clock,
    TimeTrust time,
    Units units,
    Lanes lanes,
    Destinations destinations,
    Uploads uploads,
    Flows flows,
    Transitions transitions,
    SafetyGates gates,
    Readiness readiness,
    Terms terms,
    Leases leases) {

  /** Gives who runs changes that nobody waits for. */
  StoreWriter writer() {
    return writer(Patience.LONG);
  }

  StoreWriter writer(Patience patience) {
    return units.writer(patience);
  }

  /** Gives who runs reads that nobody waits for. */
  StoreReader readers() {
    return readers(Patience.LONG);
  }

  StoreReader readers(Patience patience) {
    return units.reader(patience);
  }

  /** Tells whether other processes work on the same store. */
  boolean sharesStore() {
    return leases.haveRivals();
  }

  static StoreParts of(
      StoreProperties properties, ProcessClock clock, TimeTrust time, Units units, Leases leases) {
    Lanes lanes = new Lanes(clock);
    Uploads uploads = new Uploads(properties.uploadTimeout().toMillis());
    Readiness readiness = new Readiness();
    Flows flows = new Flows(readiness);
    Transitions transitions = new Transitions(uploads, flows);
    Terms terms = new Terms();
    return new StoreParts(
        properties,
        clock,
        time,
        units,
        lanes,
        new Destinations(lanes),
        uploads,
        flows,
        transitions,
        new SafetyGates(terms, transitions, flows),
        readiness,
        terms,
        leases);
  }
}
