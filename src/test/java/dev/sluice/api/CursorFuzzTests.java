package dev.sluice.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fuzz.FuzzContract;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** Cursors, and what else comes in a parameter, a path or a header of the API. */
class CursorFuzzTests extends FuzzContract {

  @Override
  protected List<String> seeds() {
    return List.of(
        Cursor.BATCHES.after(7),
        Cursor.ITEMS.after(Long.MAX_VALUE),
        Cursor.AUDIT.after(0),
        "https:api.example.com:443",
        "http:[::1]:8080",
        "250ms",
        "PT1H30M",
        "407302648890d",
        "respond-async, wait=30");
  }

  @Override
  protected void parse(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    for (Cursor cursor : Cursor.values()) {
      try {
        assertThat(cursor.key(text)).isNotNegative();
      } catch (ApiProblem refused) {
        assertThat(refused.status()).isEqualTo(400);
      }
    }
    try {
      assertThat(DestinationKeys.parse(text).key()).isNotEmpty();
    } catch (ApiProblem refused) {
      assertThat(refused.status()).isBetween(400, 404);
    }
    try {
      Duration duration = Durations.parse(text);
      assertThat(Durations.parse(Durations.format(duration))).isEqualTo(duration);
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotEmpty();
    }
    assertThat(Preference.wait(text)).isNotNull();
  }
}
