package dev.sluice.attempt;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

/** Authorities and certificates, good and bad ones, made by the JDK's own tool. */
final class TestCertificates {

  private static final char[] PASSWORD = "changeit".toCharArray();

  private final Path file;
  private final KeyStore all;

  private TestCertificates(Path file, KeyStore all) {
    this.file = file;
    this.all = all;
  }

  /**
   * Makes the authorities {@code root} and {@code other}; of {@code root} a certificate for this
   * machine ({@code good}), one that is over, one for another host and one for a client; one of
   * {@code other}, and one that is of nobody.
   */
  static TestCertificates in(Path directory) throws Exception {
    TestCertificates made =
        new TestCertificates(directory.resolve("all.p12"), KeyStore.getInstance("PKCS12"));
    made.keytool("root", "CN=Root", "-ext", "bc:critical=ca:true");
    made.keytool("other", "CN=Other root", "-ext", "bc:critical=ca:true");
    String here = "san=dns:localhost,ip:127.0.0.1";
    made.keytool("good", "CN=here", "-signer", "root", "-ext", here);
    made.keytool(
        "expired",
        "CN=here",
        "-signer",
        "root",
        "-ext",
        here,
        "-startdate",
        "-20d",
        "-validity",
        "10");
    made.keytool("elsewhere", "CN=there", "-signer", "root", "-ext", "san=dns:there.example");
    made.keytool("client", "CN=sluice", "-signer", "root");
    made.keytool("unknown", "CN=here", "-signer", "other", "-ext", here);
    made.keytool("self", "CN=here", "-ext", here);
    try (InputStream in = Files.newInputStream(made.file)) {
      made.all.load(in, PASSWORD);
    }
    return made;
  }

  private void keytool(String alias, String name, String... more)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                new String(PASSWORD),
                "-alias",
                alias,
                "-dname",
                name));
    command.addAll(Arrays.asList(more));
    if (!command.contains("-validity")) {
      command.addAll(List.of("-validity", "3650"));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(said);
    }
  }

  /** Gives a store with one key of these. */
  KeyStore key(String alias) {
    try {
      Key key = all.getKey(alias, PASSWORD);
      Certificate[] chain = all.getCertificateChain(alias);
      KeyStore store = empty();
      store.setKeyEntry(alias, key, PASSWORD, chain);
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Gives a store that trusts one of these. */
  KeyStore trust(String alias) {
    try {
      KeyStore store = empty();
      store.setCertificateEntry(alias, all.getCertificate(alias));
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, PASSWORD);
    return store;
  }

  /** Gives a bundle that trusts one authority, with the certificate of a client or without. */
  SslBundle bundle(String trusted, @Nullable String client) {
    return SslBundle.of(
        SslStoreBundle.of(
            client == null ? null : key(client), new String(PASSWORD), trust(trusted)));
  }

  /** Gives the key managers of one of these, the trust managers of {@code root}. */
  SslBundle server(String alias) {
    return SslBundle.of(SslStoreBundle.of(key(alias), new String(PASSWORD), trust("root")));
  }
}
