package dev.sluice.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.Quotas;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ItemSecrets;
import dev.sluice.store.TestClock;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Submissions whose deadline is over. */
class DeadlineTests {

  private final TestClock clock = new TestClock();
  private final RecordingStore store = new RecordingStore();
  private final Submissions submissions =
      new Submissions(
          store,
          UploadResources.of(TestLimits.DEFAULT, clock, Quotas.NONE, ItemSecrets.NONE),
          _ -> false,
          DispatchObserver.NONE);
  private final String body =
      "{\"options\":{\"deadline\":\""
          + clock.instant().plusSeconds(60)
          + "\"},\"items\":[{\"url\":\"http://a.example/x\"}]}";

  private Submissions.Receipt submit(@Nullable String key) {
    return submissions.submit(
        new IncomingRequest(
            "default",
            null,
            "application/json",
            key,
            null,
            false,
            new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void aDeadlineThatIsOverIsRefused() {
    assertThat(submit(null).replayed()).isFalse();
    clock.advance(Duration.ofSeconds(60));
    assertThatThrownBy(() -> submit(null))
        .isInstanceOfSatisfying(
            ApiProblem.class,
            problem -> {
              assertThat(problem.status()).isEqualTo(400);
              assertThat(problem.code()).isEqualTo("invalid_option");
              assertThat(problem.errors().getFirst().pointer()).isEqualTo("/options/deadline");
              assertThat(problem.errors().getFirst().message())
                  .contains("must lie ahead", clock.instant().toString());
            });
    assertThatThrownBy(() -> submit("other")).isInstanceOf(ApiProblem.class);
    assertThat(store.all()).hasSize(1);
  }

  @Test
  void aSubmissionSentAgainAfterItsDeadlineFindsItsBatch() {
    Submissions.Receipt first = submit("key");
    clock.advance(Duration.ofSeconds(60));
    Submissions.Receipt again = submit("key");
    assertThat(again.replayed()).isTrue();
    assertThat(again.batch()).isEqualTo(first.batch());
  }
}
