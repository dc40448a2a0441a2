package dev.sluice.attempt;

import dev.sluice.model.CapturedResponse;
import dev.sluice.model.Header;
import dev.sluice.model.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes credentials out of what is kept of a response: some destinations answer with what they were
 * sent. Letters stay as many as they were.
 */
final class Redaction {

  /** A shorter end of what is kept would match by chance. */
  private static final int LEAST = 4;

  /** A shorter word of a header is none of its secrets. */
  private static final int LEAST_PART = 6;

  private Redaction() {}

  /**
   * Gives what of a header's value a destination may answer with: the value, and its longer words,
   * as of {@code Bearer …}, {@code Basic …} or a cookie. Longest first.
   */
  static List<String> parts(String value) {
    Set<String> parts = new HashSet<>();
    parts.add(value);
    for (String word : value.split("[ ;,]+", -1)) {
      parts.add(word);
      parts.add(word.substring(word.indexOf('=') + 1));
    }
    parts.addAll(ofBasic(value));
    return parts.stream()
        .filter(part -> part.equals(value) || part.length() >= LEAST_PART)
        .filter(part -> !part.isEmpty())
        .sorted(Comparator.comparingInt(String::length).reversed())
        .toList();
  }

  /** Gives name and password of {@code Basic}, together and the password alone (RFC 7617). */
  private static List<String> ofBasic(String value) {
    if (!value.regionMatches(true, 0, "Basic ", 0, 6)) {
      return List.of();
    }
    try {
      String pair =
          new String(
              Base64.getDecoder().decode(value.substring(6).strip()), StandardCharsets.UTF_8);
      return List.of(pair, pair.substring(pair.indexOf(':') + 1));
    } catch (IllegalArgumentException _) {
      // Not of that scheme after all: the value itself is looked for.
      return List.of();
    }
  }

  /** Gives the verdict with stars for each secret in its response. */
  static Verdict of(Verdict verdict, List<String> secrets) {
    Verdict.Reply reply = verdict.reply();
    if (reply == null || reply.response() == null) {
      return verdict;
    }
    Verdict.Reply clean =
        new Verdict.Reply(reply.statusCode(), redacted(reply.response(), secrets));
    return switch (verdict) {
      case Verdict.Succeeded _ -> new Verdict.Succeeded(clean);
      case Verdict.Refused refused -> new Verdict.Refused(clean, refused.retryAfter());
      case Verdict.Retryable retryable -> new Verdict.Retryable(clean, retryable.retryAfter());
      case Verdict.MaybeSent _, Verdict.NotSent _, Verdict.Denied _, Verdict.Interrupted _ ->
          verdict;
    };
  }

  private static @Nullable CapturedResponse redacted(
      CapturedResponse response, List<String> secrets) {
    byte[] body = response.body().clone();
    for (String secret : secrets) {
      redact(body, secret.getBytes(StandardCharsets.UTF_8), response.truncated());
    }
    List<Header> headers =
        response.headers().stream()
            .map(header -> new Header(header.name(), redacted(header.value(), secrets)))
            .toList();
    return new CapturedResponse(headers, body, response.truncated());
  }

  private static String redacted(String value, List<String> secrets) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    byte[] clean = bytes.clone();
    for (String secret : secrets) {
      redact(clean, secret.getBytes(StandardCharsets.UTF_8), false);
    }
    return Arrays.equals(bytes, clean) ? value : new String(clean, StandardCharsets.UTF_8);
  }

  private static void redact(byte[] body, byte[] secret, boolean cut) {
    for (int from = 0; from + secret.length <= body.length; from++) {
      if (Arrays.equals(body, from, from + secret.length, secret, 0, secret.length)) {
        Arrays.fill(body, from, from + secret.length, (byte) '*');
        from += secret.length - 1;
      }
    }
    if (cut) {
      redactEnd(body, secret);
    }
  }

  /** What is kept may end in the middle of it. */
  private static void redactEnd(byte[] body, byte[] secret) {
    for (int length = Math.min(secret.length - 1, body.length); length >= LEAST; length--) {
      int from = body.length - length;
      if (Arrays.equals(body, from, body.length, secret, 0, length)) {
        Arrays.fill(body, from, body.length, (byte) '*');
        return;
      }
    }
  }
}
