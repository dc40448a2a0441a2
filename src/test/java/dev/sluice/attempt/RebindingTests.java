package dev.sluice.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.GuardedResolverGroup;
import dev.sluice.attempt.egress.Policies;
import dev.sluice.attempt.egress.ScriptedNames;
import dev.sluice.model.Verdict;
import io.netty.resolver.AddressResolverGroup;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * A name that leads to a public address when it is looked at and to this machine when it is used.
 * Each guard is needed: with either removed a forbidden address gets further than it may.
 */
class RebindingTests {

  private static final int RUNS = 1_000;
  private static final InetAddress PUBLIC = InetAddress.ofLiteral("93.184.215.14");
  private static final List<InetAddress> INSIDE =
      List.of(
          InetAddress.ofLiteral("127.0.0.1"),
          InetAddress.ofLiteral("169.254.169.254"),
          InetAddress.ofLiteral("10.0.0.1"),
          InetAddress.ofLiteral("::1"),
          InetAddress.ofLiteral("fd00:ec2::254"),
          mapped(127, 0, 0, 1));

  private final EgressPolicy policy = Policies.ofPublicNetworks();

  private static InetAddress mapped(int... v4) {
    byte[] address = new byte[16];
    address[10] = -1;
    address[11] = -1;
    for (int i = 0; i < 4; i++) {
      address[12 + i] = (byte) v4[i];
    }
    try {
      return Inet6Address.getByAddress(null, address, -1);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Answers each name with a public address first and with one inside from then on. */
  private static Function<String, List<InetAddress>> rebinding() {
    Map<String, Integer> asked = new ConcurrentHashMap<>();
    return host -> {
      int times = asked.merge(host, 1, Integer::sum);
      InetAddress inside = INSIDE.get(Math.floorMod(host.hashCode(), INSIDE.size()));
      if (times == 1) {
        return List.of(PUBLIC);
      }
      // Alone, or hidden behind a harmless one.
      return host.length() % 2 == 0 ? List.of(inside) : List.of(PUBLIC, inside);
    };
  }

  private AddressResolverGroup<InetSocketAddress> guarded(
      AddressResolverGroup<InetSocketAddress> names) {
    return new GuardedResolverGroup(names, policy);
  }

  private static void run(GuardRig rig, boolean isDenied) {
    for (int i = 0; i < RUNS; i++) {
      String host = "run-" + i + ".rebinding.example";
      assertThat(rig.verdict(host)).isInstanceOf(Verdict.NotSent.class);
      Verdict second = rig.verdict(host);
      assertThat(second instanceof Verdict.Denied).as("%s", second).isEqualTo(isDenied);
    }
  }

  private static long forbidden(Iterable<InetAddress> addresses) {
    long count = 0;
    for (InetAddress address : addresses) {
      count += address.equals(PUBLIC) ? 0 : 1;
    }
    return count;
  }

  @Test
  void aNameThatLeadsInsideTheSecondTimeIsNotEvenAskedToBeDialled() {
    try (GuardRig rig = new GuardRig(policy, guarded(new ScriptedNames(rebinding())), true)) {
      run(rig, true);
      assertThat(rig.asked).hasSize(RUNS).allMatch(PUBLIC::equals);
      assertThat(rig.dialled).hasSize(RUNS).allMatch(PUBLIC::equals);
    }
  }

  @Test
  void anAddressThatChangesAfterItWasVettedIsNotDialled() {
    Map<String, Integer> asked = new ConcurrentHashMap<>();
    AddressResolverGroup<InetSocketAddress> names =
        ScriptedNames.changing(
            guarded(new ScriptedNames(_ -> List.of(PUBLIC))),
            host ->
                List.of(
                    asked.merge(host, 1, Integer::sum) == 1
                        ? PUBLIC
                        : INSIDE.get(Math.floorMod(host.hashCode(), INSIDE.size()))));
    try (GuardRig rig = new GuardRig(policy, names, true)) {
      assertThat(rig.verdict("warm-up.example")).isInstanceOf(Verdict.NotSent.class);
      int pools = rig.poolCount();
      long before = GuardRig.descriptors();
      run(rig, true);
      assertThat(forbidden(rig.asked)).as("the change reached the dial").isEqualTo(RUNS);
      assertThat(forbidden(rig.dialled)).as("forbidden addresses dialled").isZero();
      await().untilAsserted(() -> assertThat(GuardRig.descriptors()).isLessThanOrEqualTo(before));
      await().untilAsserted(() -> assertThat(rig.poolCount()).isLessThanOrEqualTo(pools));
    }
  }

  @Test
  void withoutTheGuardOfNamesTheClientAsksForWhatItMustNot() {
    try (GuardRig rig = new GuardRig(policy, new ScriptedNames(rebinding()), true)) {
      run(rig, true);
      assertThat(forbidden(rig.asked)).as("what the guard of names is for").isPositive();
      assertThat(forbidden(rig.dialled)).isZero();
    }
  }

  @Test
  void withoutTheGuardAtTheDialItIsDialled() {
    AddressResolverGroup<InetSocketAddress> names =
        ScriptedNames.changing(
            guarded(new ScriptedNames(_ -> List.of(PUBLIC))), _ -> List.of(INSIDE.getFirst()));
    try (GuardRig rig = new GuardRig(policy, names, false)) {
      assertThat(rig.verdict("x.example")).isInstanceOf(Verdict.NotSent.class);
      assertThat(forbidden(rig.dialled)).as("what the guard at the dial is for").isOne();
    }
  }
}
