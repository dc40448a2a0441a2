package dev.sluice.attempt;

import static dev.sluice.fixture.RawServer.readRequest;
import static dev.sluice.fixture.RawServer.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.RawServer;
import dev.sluice.model.Capture;
import dev.sluice.model.Header;
import dev.sluice.model.ItemSecrets;
import dev.sluice.model.Verdict;
import dev.sluice.secrets.Keyrings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

class OpeningAttempterTests extends AttempterTestBase {

  private static final ItemSecrets KEYRING = Keyrings.of(Keyrings.key(1));
  private static final String SECRET = "Bearer s3cret-of-an-item";

  private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

  private static AttemptRequest sealed(RawServer server, int placePort) {
    AttemptRequest plain = request(server.port(), new Cutter(), new Capture(Capture.On.ALWAYS, 64));
    Header header = new Header("Authorization", SECRET);
    String place =
        ItemSecrets.place(new dev.sluice.model.Destination("http", "127.0.0.1", placePort), header);
    return plain.with(
        plain
            .request()
            .with(
                List.of(
                    new Header("X-Trace", "t"),
                    new Header("Authorization", KEYRING.seal(SECRET, place), true))));
  }

  /** Answers with what it was sent. */
  private RawServer echo() throws IOException {
    return RawServer.start(
        (in, out, _) -> {
          for (String request = readRequest(in); request != null; request = readRequest(in)) {
            seen.add(request);
            write(
                out,
                "HTTP/1.1 200 OK\r\nX-Echo: "
                    + SECRET
                    + "\r\nSet-Cookie: c=s3cret\r\nContent-Length: "
                    + (SECRET.length() + 5)
                    + "\r\n\r\nsays "
                    + SECRET);
          }
        });
  }

  @Test
  void opensSecretsOnTheWireAndKeepsNothingOfThem() throws IOException {
    try (RawServer server = echo()) {
      AttemptRequest request = sealed(server, server.port());
      Verdict verdict = verdict(new OpeningAttempter(attempter, KEYRING).attempt(request));

      assertThat(seen.poll()).contains("Authorization: " + SECRET).contains("X-Trace: t");
      assertThat(verdict).isInstanceOf(Verdict.Succeeded.class);
      var kept = verdict.reply().response();
      assertThat(new String(kept.body(), StandardCharsets.UTF_8))
          .startsWith("says ****")
          .doesNotContain("s3cret");
      assertThat(kept.headers())
          .extracting(Header::name)
          .contains("X-Echo")
          .doesNotContain("Set-Cookie");
      assertThat(kept.headers()).noneMatch(header -> header.value().contains("s3cret"));
      assertThat(request.toString()).doesNotContain("s3cret");
    }
  }

  @Test
  void sendsNothingWhenASecretCannotBeOpened() throws IOException {
    try (RawServer server = echo()) {
      Attempter other = new OpeningAttempter(attempter, Keyrings.of(Keyrings.key(2)));
      Verdict unknownKey = verdict(other.attempt(sealed(server, server.port())));
      Verdict otherPlace =
          verdict(new OpeningAttempter(attempter, KEYRING).attempt(sealed(server, 1)));

      for (Verdict verdict : List.of(unknownKey, otherPlace)) {
        assertThat(verdict)
            .isInstanceOfSatisfying(
                Verdict.NotSent.class,
                notSent -> assertThat(notSent.failure().code()).isEqualTo("credential"));
      }
      assertThat(seen).isEmpty();
    }
  }

  @Test
  void neverWritesWhatIsSealed() throws IOException {
    try (RawServer server = echo()) {
      Verdict verdict = verdict(attempter.attempt(sealed(server, server.port())));

      assertThat(verdict).isInstanceOf(Verdict.Denied.class);
      assertThat(seen).isEmpty();
    }
  }

  @Test
  void looksForTheWordsOfAHeaderToo() {
    assertThat(Redaction.parts("Basic dXNlcjpwYXNzd29yZA=="))
        .contains("dXNlcjpwYXNzd29yZA==", "user:password", "password");
    assertThat(Redaction.parts("a=long-one; b=x, c=another1"))
        .contains("long-one", "another1")
        .doesNotContain("x");
    assertThat(Redaction.parts("1234")).containsExactly("1234");
  }
}
