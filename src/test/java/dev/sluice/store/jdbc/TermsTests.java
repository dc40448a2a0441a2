package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchOptions;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.sql.SQLException;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

@NullUnmarked
class TermsTests {

  private static BatchTerms revision(long revision) {
    return new BatchTerms(new BatchRef(1, "bat_1"), "default", BatchOptions.DEFAULT, revision);
  }

  @Test
  void aReaderThatComesLateBringsNoOlderTermsBack() throws SQLException {
    Terms terms = new Terms();
    terms.keep(revision(1));
    terms.keep(revision(0));
    assertThat(terms.of(null, 1).revision()).isEqualTo(1);
    terms.keep(revision(2));
    assertThat(terms.of(null, 1).revision()).isEqualTo(2);
  }
}
