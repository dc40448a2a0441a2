package dev.sluice.dispatch;

import java.util.Collection;

/** What goes on of one tenant in this replica, in all its batches. */
record TenantLoad(String tenant, Collection<BatchGate> gates, Collection<Lane> lanes)
    implements SharedLimit.Load {

  @Override
  public int waiting() {
    int count = 0;
    for (BatchGate gate : gates) {
      if (gate.terms().tenant().equals(tenant)) {
        count += new BatchLoad(gate, lanes).waiting();
      }
    }
    return count;
  }

  @Override
  public int inUse() {
    int count = 0;
    for (BatchGate gate : gates) {
      if (gate.terms().tenant().equals(tenant)) {
        count += gate.inFlight();
      }
    }
    return count;
  }

  @Override
  public void wake() {
    lanes.forEach(Lane::signal);
  }
}
