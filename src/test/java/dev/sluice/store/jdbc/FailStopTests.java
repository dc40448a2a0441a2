package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.store.StoreException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;

class FailStopTests {

  @ParameterizedTest
  @CsvSource({"UNAVAILABLE, 74", "CORRUPT, 78"})
  void breaksLivenessAndEndsTheProcess(StoreException.Kind kind, int code) {
    List<Object> events = new ArrayList<>();
    List<Integer> ends = new CopyOnWriteArrayList<>();
    FailStop stop = new FailStop(Path.of("sluice.db"), events::add, ends::add);

    stop.accept(new StoreException(kind, "it failed"));

    assertThat(events)
        .singleElement()
        .isInstanceOfSatisfying(
            AvailabilityChangeEvent.class,
            event -> assertThat(event.getState()).isEqualTo(LivenessState.BROKEN));
    await().atMost(Duration.ofSeconds(10)).until(() -> ends.equals(List.of(code)));
  }
}
