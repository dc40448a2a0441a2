package dev.sluice.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.attempt.egress.EgressPolicy;
import dev.sluice.attempt.egress.GuardedResolverGroup;
import dev.sluice.attempt.egress.Policies;
import dev.sluice.attempt.egress.ScriptedNames;
import dev.sluice.intake.AdmittedUrl;
import dev.sluice.model.Destination;
import dev.sluice.model.Verdict;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.web.util.UriComponents;
import org.springframework.web.util.UriComponentsBuilder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Generated URLs through intake and the outbound client up to the dial. Those that intake admits
 * mean one host to everybody, and none leads to an address that must not be dialled; {@code
 * -Dsluice.test.urls=1000000} runs more of them. What is forbidden is told by a list of its own
 * here, in another form than the one under test.
 */
class UrlCorpusTests {

  private static final int URLS = Integer.getInteger("sluice.test.urls", 3_000);
  private static final long SEED = Long.getLong("sluice.test.seed", 1L);

  private static final Pattern INTERNAL =
      Pattern.compile(
          "[^.]+\\.?|(.*\\.)?(localhost|local|internal|svc|lan)\\.?|metadata\\..*|.*\\.cluster\\.local\\.?");

  /** First and last of what is public: all that is not in between is forbidden. */
  private static final List<List<String>> PUBLIC =
      List.of(
          List.of("1.0.0.0", "9.255.255.255"),
          List.of("11.0.0.0", "100.63.255.255"),
          List.of("100.128.0.0", "126.255.255.255"),
          List.of("128.0.0.0", "168.63.129.15"),
          List.of("168.63.129.17", "169.253.255.255"),
          List.of("169.255.0.0", "172.15.255.255"),
          List.of("172.32.0.0", "191.255.255.255"),
          List.of("192.0.1.0", "192.0.1.255"),
          List.of("192.0.3.0", "192.88.98.255"),
          List.of("192.88.100.0", "192.167.255.255"),
          List.of("192.169.0.0", "198.17.255.255"),
          List.of("198.20.0.0", "198.51.99.255"),
          List.of("198.51.101.0", "203.0.112.255"),
          List.of("203.0.114.0", "223.255.255.255"),
          List.of("2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
          List.of("2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
          List.of("2001:db9::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
          List.of("2003::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
          List.of("3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));

  private static final List<Span> SPANS = PUBLIC.stream().map(Span::of).toList();

  private final HostileUrls urls = new HostileUrls(SEED);
  private final Map<String, List<InetAddress>> answers = new ConcurrentHashMap<>();
  private final AtomicLong denied = new AtomicLong();
  private final AtomicLong passed = new AtomicLong();
  private long refused;

  private record Span(int bytes, BigInteger first, BigInteger last) {

    static Span of(List<String> ends) {
      byte[] first = InetAddress.ofLiteral(ends.getFirst()).getAddress();
      byte[] last = InetAddress.ofLiteral(ends.getLast()).getAddress();
      return new Span(first.length, new BigInteger(1, first), new BigInteger(1, last));
    }

    boolean contains(byte[] address) {
      BigInteger value = new BigInteger(1, address);
      return address.length == bytes && first.compareTo(value) <= 0 && last.compareTo(value) >= 0;
    }
  }

  private static boolean isPublic(InetAddress address) {
    return SPANS.stream().anyMatch(span -> span.contains(address.getAddress()));
  }

  @Test
  void noneLeadsWhereItMustNot() {
    EgressPolicy policy = Policies.ofPublicNetworks();
    GuardedResolverGroup names = new GuardedResolverGroup(new ScriptedNames(answers::get), policy);
    try (GuardRig rig = new GuardRig(policy, names, true)) {
      Mono<Verdict> first = rig.attempt(new Destination("https", "8.8.8.8", 443), "/");
      assertThat(AttempterTestBase.verdict(first)).isInstanceOf(Verdict.NotSent.class);
      long before = GuardRig.descriptors();
      Flux.range(0, URLS).flatMap(_ -> send(rig), 32, 1).blockLast();
      assertThat(denied.get()).as("denied").isGreaterThan(URLS / 20);
      assertThat(passed.get()).as("let through").isGreaterThan(URLS / 20);
      assertThat(refused).as("refused by intake").isGreaterThan(URLS / 20);
      await().untilAsserted(() -> assertThat(GuardRig.descriptors()).isLessThanOrEqualTo(before));
      System.out.printf(
          "%d URLs: %d refused by intake, %d denied, %d let through%n",
          URLS, refused, denied.get(), passed.get());
    }
  }

  /** Called for one URL after the other; verdicts come on event loops. */
  private Mono<Verdict> send(GuardRig rig) {
    String url = urls.next();
    AdmittedUrl admitted = AdmittedUrl.read(url);
    if (admitted == null) {
      refused++;
      return Mono.empty();
    }
    Destination destination = admitted.destination();
    assertThatAllAgree(url, destination);
    boolean allowed = isAllowed(destination.host());
    return rig.attempt(destination, admitted.target())
        .doOnNext(
            verdict -> {
              (allowed ? passed : denied).incrementAndGet();
              assertThat(verdict instanceof Verdict.Denied)
                  .as("%s leads to %s: %s", url, answers.get(destination.host()), verdict)
                  .isEqualTo(!allowed);
              for (InetAddress dialled; (dialled = rig.dialled.poll()) != null; ) {
                assertThat(isPublic(dialled)).as("dialled %s", dialled).isTrue();
              }
              rig.asked.clear();
            });
  }

  private boolean isAllowed(String host) {
    if (host.startsWith("[")) {
      return isPublic(InetAddress.ofLiteral(host.substring(1, host.length() - 1)));
    }
    if (Character.isDigit(host.charAt(host.length() - 1)) && host.matches("[0-9.]+")) {
      return isPublic(InetAddress.ofLiteral(host));
    }
    List<InetAddress> led = answers.computeIfAbsent(host, _ -> urls.answers());
    return !INTERNAL.matcher(host).matches() && led.stream().allMatch(UrlCorpusTests::isPublic);
  }

  /** A host that one reader sees and another does not would be a way around every guard. */
  private static void assertThatAllAgree(String url, Destination destination) {
    URI java = URI.create(url);
    assertThat(Destination.of(java).port()).as(url).isEqualTo(destination.port());
    UriComponents whatwg =
        UriComponentsBuilder.fromUriString(url, UriComponentsBuilder.ParserType.WHAT_WG).build();
    int port = whatwg.getPort() < 0 ? portOf(whatwg.getScheme()) : whatwg.getPort();
    assertThat(port).as(url).isEqualTo(destination.port());
    assertThat(whatwg.getScheme()).as(url).isEqualTo(destination.scheme());
    assertThat(same(java.getHost())).as(url).isEqualTo(same(destination.host()));
    assertThat(same(whatwg.getHost())).as(url).isEqualTo(same(destination.host()));
  }

  private static int portOf(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }

  private static Object same(String host) {
    return host.indexOf(':') >= 0
        ? InetAddress.ofLiteral(host.replace("[", "").replace("]", ""))
        : host.toLowerCase(Locale.ROOT);
  }
}
