package dev.sluice.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.ItemSecrets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyringTests {

  private static final String SECRET = "Bearer s3cret-höhe";
  private static final String PLACE = "https:api.example:443 Authorization";

  @TempDir Path directory;

  private ItemSecrets ofDirectory(String... keys) {
    return new Keyring(
        new SecretsProperties(List.of(keys), Set.of()), new KeyFile(directory), new SecureRandom());
  }

  @Test
  void opensWhatItSealedForTheSamePlaceAlone() {
    ItemSecrets keyring = Keyrings.of(Keyrings.key(1));
    String sealed = keyring.seal(SECRET, PLACE);

    assertThat(sealed).isNotNull().isNotEqualTo(keyring.seal(SECRET, PLACE));
    assertThat(new String(Base64.getDecoder().decode(sealed), StandardCharsets.ISO_8859_1))
        .doesNotContain("s3cret");
    assertThat(keyring.open(sealed, PLACE)).isEqualTo(SECRET);
    assertThat(keyring.open(sealed, "https:evil.example:443 Authorization")).isNull();
    assertThat(keyring.open(sealed, "https:api.example:443 X-Other")).isNull();
  }

  @Test
  void noticesEveryChange() {
    ItemSecrets keyring = Keyrings.of(Keyrings.key(1));
    byte[] sealed = Base64.getDecoder().decode(keyring.seal(SECRET, PLACE));
    for (int bit = 0; bit < sealed.length * 8; bit++) {
      byte[] changed = sealed.clone();
      changed[bit >>> 3] ^= (byte) (1 << (bit & 7));
      assertThat(keyring.open(Base64.getEncoder().encodeToString(changed), PLACE)).isNull();
    }
    assertThat(keyring.open("no base64 at all", PLACE)).isNull();
    assertThat(keyring.open("", PLACE)).isNull();
  }

  @Test
  void sealsWithTheFirstKeyAndOpensWithAll() {
    ItemSecrets before = Keyrings.of(Keyrings.key(1));
    ItemSecrets during = Keyrings.of(Keyrings.key(2), Keyrings.key(1), Keyrings.key(2));
    ItemSecrets after = Keyrings.of(Keyrings.key(2));

    assertThat(during.open(before.seal(SECRET, PLACE), PLACE)).isEqualTo(SECRET);
    assertThat(after.open(during.seal(SECRET, PLACE), PLACE)).isEqualTo(SECRET);
    assertThat(after.open(before.seal(SECRET, PLACE), PLACE)).isNull();
  }

  @Test
  void sealsNothingWithoutAKey() {
    ItemSecrets none = Keyrings.of();

    assertThat(none.seal(SECRET, PLACE)).isNull();
    assertThat(none.open(Keyrings.of(Keyrings.key(1)).seal(SECRET, PLACE), PLACE)).isNull();
  }

  @Test
  void makesOneKeyForTheDirectoryWhenTheFirstSecretComes() throws Exception {
    Path file = directory.resolve(KeyFile.NAME);
    ItemSecrets keyring = ofDirectory();
    assertThat(keyring.open(Keyrings.of(Keyrings.key(1)).seal(SECRET, PLACE), PLACE)).isNull();
    assertThat(file).doesNotExist();

    Set<String> sealed = new HashSet<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        all.add(callers.submit(() -> keyring.seal(SECRET, PLACE)));
      }
      for (Future<String> each : all) {
        sealed.add(each.get());
      }
    }

    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(directory).isDirectoryContaining(file::equals);
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
    // Another life of the process, and one with a key of its own by now, read all of them.
    assertThat(sealed)
        .hasSize(8)
        .allMatch(each -> SECRET.equals(ofDirectory().open(each, PLACE)))
        .allMatch(each -> SECRET.equals(ofDirectory(Keyrings.key(3)).open(each, PLACE)));
    assertThat(ofDirectory().open(ofDirectory(Keyrings.key(3)).seal(SECRET, PLACE), PLACE))
        .isNull();
  }

  @Test
  void refusesSecretsWhenItsFileIsDamaged() throws IOException {
    Files.writeString(directory.resolve(KeyFile.NAME), "?");

    assertThat(ofDirectory().seal(SECRET, PLACE)).isNull();
    assertThat(directory.resolve(KeyFile.NAME)).hasContent("?");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "c2hvcnQ=", "no base64!", "c2VjcmV0LWtleS1vZi0zMy1ieXRlcy4uLi4uLi4uLi4u"})
  void refusesWhatIsNoKeyWithoutShowingIt(String text) {
    assertThatThrownBy(() -> Keyrings.of(text))
        .hasMessageStartingWith("sluice.secrets.keys")
        .hasMessageNotContaining(text.isEmpty() ? "\0" : text);
    assertThat(new SecretsProperties(List.of(Keyrings.key(1)), Set.of()).toString())
        .isEqualTo("SecretsProperties[1 keys, headers=[]]");
  }

  @ParameterizedTest
  @CsvSource({
    "Authorization,true", "authorization,true", "Cookie,true", "X-Api-Key,true",
    "x-auth-token,true", "Client-Secret,true", "X-TENANT-pin,true", "X-Trace,false",
    "Accept,false", "Idempotency-Key,false"
  })
  void knowsSecretsByTheNamesOfTheirHeaders(String name, boolean secret) {
    assertThat(Keyrings.of().isSecret(name)).isEqualTo(secret);
  }
}
