package dev.sluice.attempt;

import dev.sluice.model.ConnectionPools;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;
import reactor.netty.resources.ConnectionPoolMetrics;
import reactor.netty.resources.ConnectionProvider;

/** Adds up the pools of all destinations, so that no series per host ever exists. */
final class OutboundPool implements ConnectionProvider.MeterRegistrar, ConnectionPools {

  private final Map<String, ConnectionPoolMetrics> pools = new ConcurrentHashMap<>();

  @Override
  public void registerMetrics(
      String poolName, String id, SocketAddress remoteAddress, ConnectionPoolMetrics metrics) {
    pools.put(id, metrics);
  }

  @Override
  public void deRegisterMetrics(String poolName, String id, SocketAddress remoteAddress) {
    pools.remove(id);
  }

  @Override
  public Counts counts() {
    return new Counts(
        pools.size(),
        sum(ConnectionPoolMetrics::allocatedSize),
        sum(ConnectionPoolMetrics::acquiredSize),
        sum(ConnectionPoolMetrics::idleSize),
        sum(ConnectionPoolMetrics::pendingAcquireSize));
  }

  private int sum(ToIntFunction<ConnectionPoolMetrics> measure) {
    int sum = 0;
    for (ConnectionPoolMetrics pool : pools.values()) {
      sum += measure.applyAsInt(pool);
    }
    return sum;
  }
}
