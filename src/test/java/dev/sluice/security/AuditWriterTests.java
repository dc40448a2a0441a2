package dev.sluice.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.MemoryAuditLog;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.AuditEntry;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AuditWriterTests {

  private final MemoryAuditLog audit = new MemoryAuditLog();
  private final AuditWriter writer =
      new AuditWriter(audit, ProcessClock.system(), TestSecurity.YEAR);

  private static AuditEntry entry(int n) {
    return new AuditEntry(Instant.EPOCH, "c", "t", "a", null, 200, "r-" + n, "s");
  }

  @Test
  void anEndAppendsWhatWaits() {
    writer.start();
    for (int n = 0; n < 2_500; n++) {
      writer.add(entry(n));
    }
    writer.stop();
    assertThat(audit.kept()).hasSize(2_500);
    assertThat(audit.kept().getLast()).isEqualTo(entry(2_499));
  }

  @Test
  void saysHowManyAreMissing() {
    for (int n = 0; n < 10_003; n++) {
      writer.add(entry(n));
    }
    writer.start();
    writer.stop();
    assertThat(audit.kept()).hasSize(10_001);
    assertThat(audit.kept().stream().filter(kept -> kept.action().equals("gap")))
        .singleElement()
        .satisfies(gap -> assertThat(gap.object()).isEqualTo("3"));
  }

  @Test
  void aStoreThatIsAwayEndsNothing() {
    audit.fail(true);
    writer.add(entry(1));
    writer.start();
    writer.stop();
    assertThat(audit.kept()).isEmpty();
    assertThat(writer.isRunning()).isFalse();
  }
}
