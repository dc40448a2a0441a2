package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.TimeTrust;

/** What the roles share. */
record StoreParts(
    long epoch,
    StoreProperties properties,
    ProcessClock clock,
    TimeTrust time,
    GroupCommit writer,
    Readers readers,
    Lanes lanes,
    Destinations destinations,
    Uploads uploads,
    Flows flows,
    Transitions transitions,
    Readiness readiness,
    Terms terms) {}
