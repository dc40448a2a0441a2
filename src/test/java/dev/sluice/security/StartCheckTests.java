package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.InboundAccess;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class StartCheckTests {

  private static final SecurityProperties NOTHING = TestSecurity.open(false);
  private static final SecurityProperties INSECURE = TestSecurity.open(true);

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"})
  void asksNobodyOnLoopback(String address) throws UnknownHostException {
    assertThat(StartCheck.access(InetAddress.getByName(address), NOTHING))
        .isEqualTo(InboundAccess.LOCAL);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.7", "10.0.0.1", "2001:db8::1"})
  void refusesToListenElsewhereWithoutAsking(String address) throws UnknownHostException {
    InetAddress parsed = InetAddress.getByName(address);
    assertRefused(parsed);
    assertThat(StartCheck.access(parsed, INSECURE)).isEqualTo(InboundAccess.ANYBODY);
  }

  @Test
  void noAddressIsEveryAddress() {
    assertRefused(null);
    assertThat(StartCheck.access(null, INSECURE)).isEqualTo(InboundAccess.ANYBODY);
  }

  @Test
  void asksWhereverItListensOnceItKnowsAKey() throws UnknownHostException {
    SecurityProperties asking = TestSecurity.keys(TestSecurity.key("a", "b"));
    for (String address : List.of("127.0.0.1", "0.0.0.0", "192.0.2.7")) {
      assertThat(StartCheck.access(InetAddress.getByName(address), asking))
          .isEqualTo(InboundAccess.AUTHENTICATED);
    }
    assertThat(StartCheck.access(null, asking)).isEqualTo(InboundAccess.AUTHENTICATED);
  }

  @Test
  void refusesToAskAndNotToAsk() {
    SecurityProperties both = TestSecurity.insecureBeside(TestSecurity.key("a", "b"));
    assertThatThrownBy(() -> StartCheck.access(null, both))
        .isInstanceOf(SecurityStartException.class)
        .hasMessageContaining("contradicts");
  }

  private static void assertRefused(InetAddress address) {
    assertThatThrownBy(() -> StartCheck.access(address, NOTHING))
        .asInstanceOf(InstanceOfAssertFactories.type(SecurityStartException.class))
        .satisfies(
            refused -> {
              assertThat(refused.getExitCode()).isEqualTo(78);
              assertThat(refused.action().lines())
                  .anyMatch(line -> line.contains("new-key"))
                  .anyMatch(line -> line.contains("server.address=127.0.0.1"))
                  .anyMatch(line -> line.contains("sluice.security.insecure=true"));
            });
  }

  @Test
  void warnsAtEveryStartThatIsOpenToAnybody(CapturedOutput output) {
    new StartNotice(InboundAccess.LOCAL).tell();
    new StartNotice(InboundAccess.AUTHENTICATED).tell();
    assertThat(output).doesNotContain("WARN");
    new StartNotice(InboundAccess.ANYBODY).tell();
    assertThat(output).contains("WARN").contains("sluice.security.insecure");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a.example", "a.example/x", "*.example", "a.example:", " "})
  void takesPlainNamesOfHostsOnly(String host) {
    assertThatThrownBy(() -> TestSecurity.hosts(host))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sluice.security.allowed-hosts");
  }
}
