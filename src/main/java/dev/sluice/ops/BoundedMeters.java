package dev.sluice.ops;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import java.util.List;
import java.util.Set;

/**
 * Keeps libraries from making a series per host: the tags of outgoing exchanges that name their
 * destination are dropped, and Reactor Netty's own meters, all of which carry a remote address, are
 * refused.
 */
final class BoundedMeters implements MeterFilter {

  private static final Set<String> UNBOUNDED = Set.of("client.name", "uri", "http.url");

  @Override
  public MeterFilterReply accept(Meter.Id id) {
    return id.getName().startsWith("reactor.netty.")
        ? MeterFilterReply.DENY
        : MeterFilterReply.NEUTRAL;
  }

  @Override
  public Meter.Id map(Meter.Id id) {
    if (!id.getName().startsWith("http.client.")) {
      return id;
    }
    List<Tag> kept =
        id.getTags().stream().filter(tag -> !UNBOUNDED.contains(tag.getKey())).toList();
    return id.replaceTags(kept);
  }
}
