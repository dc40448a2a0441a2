package dev.sluice.attempt.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.Destination;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What a destination's own words say. */
class EgressPolicyTests {

  private static EgressProperties properties(String... settings) {
    MapConfigurationPropertySource source = new MapConfigurationPropertySource();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      source.put(
          "sluice.attempt.egress." + setting.substring(0, equals), setting.substring(equals + 1));
    }
    return new Binder(source).bindOrCreate("sluice.attempt.egress", EgressProperties.class);
  }

  private static EgressPolicy open(String... settings) {
    return new EgressPolicy(properties(settings), false, new OwnSockets());
  }

  private static EgressPolicy local(String... settings) {
    return new EgressPolicy(properties(settings), true, new OwnSockets());
  }

  private static void allows(EgressPolicy policy, String... keys) {
    for (String key : keys) {
      assertThatCode(() -> policy.check(Destination.parse(key))).as(key).doesNotThrowAnyException();
    }
  }

  private static void denies(EgressPolicy policy, String... keys) {
    for (String key : keys) {
      // Twice: what is decided once stays so.
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> policy.check(Destination.parse(key)))
            .as(key)
            .isInstanceOf(EgressDeniedException.class);
      }
    }
  }

  @Test
  void publicHostsOnUsualPortsMayBeSentTo() {
    allows(
        open(),
        "https:api.example.com:443",
        "http:api.example.com:80",
        "http:api.example.com.:8080",
        "https:8.8.8.8:443",
        "https:[2600::1]:443");
  }

  @Test
  void portsOfDatabasesAndAdministrationMayNot() {
    denies(
        local(),
        "http:api.example.com:22",
        "http:api.example.com:25",
        "http:api.example.com:1023",
        "http:api.example.com:2375",
        "http:api.example.com:5432",
        "http:api.example.com:6379",
        "http:api.example.com:27018",
        "http:127.0.0.1:6379");
    allows(open("denied-ports=", "ports=22,8000-8010"), "http:api.example.com:22");
    denies(open("ports=22,8000-8010"), "http:api.example.com:443", "http:api.example.com:8011");
  }

  @Test
  void aListOfHostsShutsAllOthersOut() {
    EgressPolicy policy = open("hosts=api.example.com,*.partner.example,db.example:5432,[2600::1]");
    allows(
        policy,
        "https:api.example.com:443",
        "https:api.example.com.:443",
        "https:a.partner.example:443",
        "https:a.b.partner.example:443",
        "http:db.example:5432",
        "https:[2600::1]:443");
    denies(
        policy,
        "https:example.com:443",
        "https:xapi.example.com:443",
        "https:api.example.com.evil.example:443",
        "https:partner.example:443",
        "https:evilpartner.example:443",
        "http:db.example:443",
        "https:[2600::2]:443",
        "https:8.8.8.8:443");
  }

  @Test
  void internalNamesAreForThoseWhoMayReachInside() {
    String[] internal = {
      "http:localhost:8080",
      "http:localhost.:8080",
      "http:a.localhost:8080",
      "http:printer.local:80",
      "http:vault.internal:8200",
      "http:api.prod.svc:80",
      "http:api.prod.svc.cluster.local:80",
      "http:router.lan:80",
      "http:intranet:80",
    };
    denies(open(), internal);
    denies(local("networks=none"), internal);
    allows(local(), internal);
    allows(open("networks=loopback"), "http:localhost:8080");
    denies(open("networks=loopback"), "http:intranet:80");
  }

  @Test
  void metadataServicesAreForNobodyUnlessTheyAreNamed() {
    String[] metadata = {
      "http:metadata.google.internal:80",
      "http:metadata:80",
      "http:169.254.169.254:80",
      "http:168.63.129.16:80",
      "http:[fd00:ec2::254]:80",
    };
    denies(open(), metadata);
    denies(local(), metadata);
    allows(local("hosts=metadata.google.internal"), "http:metadata.google.internal:80");
  }

  @Test
  void anInternalNameThatIsListedMayBeSentTo() {
    EgressPolicy policy = open("hosts=*,*.svc.cluster.local");
    allows(policy, "http:api.prod.svc.cluster.local:80", "https:api.example.com:443");
    denies(policy, "http:vault.internal:8200");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http:127.1:80",
        "http:2130706433:80",
        "http:0:80",
        "http:0x7f000001:80",
        "http:0x7f.0.0.1:80",
        "http:0177.0.0.1:80",
        "http:017700000001:80",
        "http:127.0.0.1:80",
        "http:127.0.0.1.:80",
        "http:[::1]:80",
        "http:[::ffff:127.0.0.1]:80",
        "http:[::ffff:7f00:1]:80",
        "http:[64:ff9b::7f00:1]:80",
        "http:[2002:7f00:1::]:80",
      })
  void everyWayToWriteLoopbackIsDenied(String key) {
    denies(open(), key);
  }

  @Test
  void remembersBoundlessDestinationsInBoundedSpace() {
    EgressPolicy policy = open();
    for (int i = 0; i < 40_000; i++) {
      policy.check(new Destination("https", "h" + i + ".example.com", 443));
    }
    assertThat(policy.rememberedCount()).isLessThanOrEqualTo(16_384);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hosts=a.*.example",
        "hosts=*example",
        "hosts=http://a.example",
        "hosts=a.example:0",
        "hosts=a.example:x",
        "ports=0",
        "ports=443-80",
        "ports=65536",
        "ports=http",
        "denied-ports=x",
        "networks=none,private",
        "networks=intern",
      })
  void aSettingThatCannotBeReadStopsTheStart(String setting) {
    assertThatThrownBy(() -> properties(setting))
        .rootCause()
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .isNotBlank();
  }

  @Test
  void theReasonNamesNoAddress() {
    AddressPolicy addresses =
        new AddressPolicy(Networks.parse(List.of("none"), false), new OwnSockets());
    assertThat(addresses.refusal(new byte[] {10, 9, 8, 7}, 80)).doesNotContain("10.9");
  }
}
