package dev.sluice.e2e;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Secrets that nobody would write by chance, and the search for them in all that was put out: as
 * they are, in base64 and in hexadecimal.
 */
final class Canaries {

  private final SecureRandom random = new SecureRandom();
  private final Map<String, List<String>> forms = new LinkedHashMap<>();
  private final Map<String, String> outputs = new LinkedHashMap<>();

  /** Gives a new secret under a name that says where it is put. */
  String seed(String name) {
    byte[] bytes = new byte[24];
    random.nextBytes(bytes);
    // The length makes base64 of it end without padding, so that it is found inside longer text.
    return remember(name, "cnry" + HexFormat.of().formatHex(bytes, 0, 16));
  }

  /** Gives a new secret of 32 bytes in base64. */
  String seedKey(String name) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return remember(name, Base64.getEncoder().encodeToString(bytes));
  }

  /** Takes another form that a secret may be found in. */
  String remember(String name, String secret) {
    byte[] utf8 = secret.getBytes(StandardCharsets.UTF_8);
    forms
        .computeIfAbsent(name, _ -> new ArrayList<>())
        .addAll(
            List.of(
                secret,
                Base64.getEncoder().encodeToString(utf8).replace("=", ""),
                HexFormat.of().formatHex(utf8)));
    return secret;
  }

  /** Tells whether a secret whose name begins so is in what a destination was sent. */
  boolean wasSent(String name, Collection<String> requests) {
    return forms.entrySet().stream()
        .filter(secret -> secret.getKey().startsWith(name))
        .anyMatch(
            secret ->
                requests.stream().anyMatch(got -> got.contains(secret.getValue().getFirst())));
  }

  int count() {
    return forms.size();
  }

  /** Keeps what was put out, byte by byte. */
  void output(String name, byte[] bytes) {
    outputs.merge(name, new String(bytes, StandardCharsets.ISO_8859_1), String::concat);
  }

  int outputCount() {
    return outputs.size();
  }

  /** Gives where which secret is found, by names alone. */
  List<String> found() {
    List<String> found = new ArrayList<>();
    forms.forEach(
        (secret, all) ->
            outputs.forEach(
                (output, text) -> {
                  if (all.stream().anyMatch(text::contains)) {
                    found.add(secret + " in " + output);
                  }
                }));
    return found;
  }

  /** Gives the outputs that hold a text. */
  List<String> holding(String text) {
    return outputs.entrySet().stream()
        .filter(output -> output.getValue().contains(text))
        .map(Map.Entry::getKey)
        .toList();
  }
}
