package dev.sluice.security;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;

/**
 * Requests that follow the API's own description, and then go wrong in a place or two. The request
 * of a number is the same for ever, whatever was sent before it.
 */
final class ApiMutations {

  private static final List<String> ODD_TEXTS =
      List.of(
          "",
          " ",
          "0",
          "-1",
          "null",
          "true",
          "NaN",
          "1e999",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775809",
          "99999999999999999999999999999999",
          "0x10",
          "١٢",
          "%00",
          "%0d%0aX:%20y",
          "%",
          "%zz",
          "%ff%fe",
          "%ED%A0%80",
          "..",
          "../../etc/passwd",
          "%2e%2e%2f",
          "a;b=c",
          "'%20OR%201=1--",
          "\\u0000",
          "<script>",
          "${jndi:ldap://a}",
          "{{x}}",
          "bat_",
          "bat_0000000000000000000000",
          "https:a.example:443",
          "http:[::1]:80",
          "https:a.example:0",
          "https:a.example:99999",
          "x".repeat(300),
          "a".repeat(5_000));

  private static final List<String> ODD_JSON =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1.5",
          "1e400",
          "-0",
          "123456789012345678901234567890",
          "\"\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"2030-01-31T12:00:00Z\"",
          "\"PT1S\"",
          "\"-5s\"",
          "\"99999999999h\"",
          "[]",
          "{}",
          "[[]]",
          "[null]",
          "{\"a\":{\"a\":{}}}",
          "[".repeat(40) + "]".repeat(40),
          "\"" + "x".repeat(20_000) + "\"",
          "{\"x\":1,\"x\":2}",
          "nul",
          "'a'",
          "1,2",
          "//");

  private static final List<String> ODD_HEADERS =
      List.of(
          "Content-Type: application/xml",
          "Content-Type: text/plain; charset=utf-16",
          "Content-Type: ;;;",
          "Content-Encoding: gzip",
          "Content-Encoding: br",
          "Accept: */*;q=0",
          "Accept: text/csv",
          "Accept: a/b, c",
          "Accept: " + "a/b,".repeat(60) + "c/d",
          "Accept-Charset: utf-7",
          "Accept-Language: " + "x-".repeat(40),
          "Range: bytes=0-0,5-1",
          "If-Match: *",
          "Expect: something",
          "Prefer: wait=-1",
          "Prefer: wait=1e9",
          "Prefer: wait=99999999999999999999",
          "Prefer: " + "a=b,".repeat(100),
          "Idempotency-Key: " + "k".repeat(256),
          "Idempotency-Key: \"\"",
          "Idempotency-Key: é",
          "Authorization: Bearer",
          "Authorization: Bearer a b",
          "Authorization: Basic !!!",
          "Cookie: JSESSIONID=1; a",
          "X-HTTP-Method-Override: DELETE",
          "X-Forwarded-For: 1.2.3.4",
          "Forwarded: for=_x",
          "X-Request-Id: \u0007",
          "Origin: null",
          "Sec-Fetch-Site: x",
          "Last-Event-ID: 1",
          "Transfer-Encoding: gzip, chunked",
          "Upgrade: h2c");

  private static final List<String> METHODS =
      List.of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X", "get");

  private final List<Operation> operations = new ArrayList<>();
  private final List<String> batches;
  private final long seed;

  /** A call as it is described. */
  private record Operation(
      String method, String path, List<String> parameters, List<Content> bodies) {}

  /** A body as it is described. */
  private record Content(String type, String example) {}

  /** A request, as text. */
  record Request(String method, String target, List<String> headers, String body) {

    /** Gives the bytes that go over the wire. */
    byte[] bytes() {
      byte[] content = body.getBytes(StandardCharsets.UTF_8);
      StringBuilder head = new StringBuilder(method + ' ' + target + " HTTP/1.1\r\n");
      headers.forEach(header -> head.append(header).append("\r\n"));
      head.append("Content-Length: ").append(content.length).append("\r\n\r\n");
      byte[] start = head.toString().getBytes(StandardCharsets.UTF_8);
      byte[] all = java.util.Arrays.copyOf(start, start.length + content.length);
      System.arraycopy(content, 0, all, start.length, content.length);
      return all;
    }
  }

  /**
   * @param api the OpenAPI document
   * @param batches ids to fill paths with
   */
  ApiMutations(JsonNode api, List<String> batches, long seed) {
    this.batches = batches;
    this.seed = seed;
    api.path("paths")
        .forEachEntry(
            (path, methods) -> {
              if (path.startsWith("/v1/")) {
                methods.forEachEntry(
                    (method, operation) -> operations.add(operation(method, path, operation)));
              }
            });
  }

  private static Operation operation(String method, String path, JsonNode operation) {
    List<String> parameters = new ArrayList<>();
    for (JsonNode parameter : operation.path("parameters")) {
      if (parameter.path("in").asString().equals("query")) {
        parameters.add(parameter.path("name").asString());
      }
    }
    List<Content> bodies = new ArrayList<>();
    operation
        .path("requestBody")
        .path("content")
        .forEachEntry(
            (type, content) -> {
              bodies.add(new Content(type, text(content.path("example"))));
              for (JsonNode example : content.path("examples")) {
                bodies.add(new Content(type, text(example.path("value"))));
              }
            });
    return new Operation(method.toUpperCase(java.util.Locale.ROOT), path, parameters, bodies);
  }

  private static String text(JsonNode example) {
    return example.isString()
        ? example.asString()
        : example.isMissingNode() ? "" : example.toString();
  }

  int operationCount() {
    return operations.size();
  }

  /** Gives the request of a number. */
  Request request(long number) {
    Random random = new Random(seed * 1_000_003 + number);
    Operation operation = pick(operations, random);
    String method = operation.method;
    String target = target(operation, random);
    List<String> headers = new ArrayList<>(List.of("Host: localhost"));
    String body = "";
    if (!operation.bodies.isEmpty()) {
      Content content = pick(operation.bodies, random);
      headers.add("Content-Type: " + content.type);
      body = content.example;
    }
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      switch (random.nextInt(8)) {
        case 0 -> method = pick(METHODS, random);
        case 1 -> target = changed(target, random);
        case 2 -> target += (target.contains("?") ? "&" : "?") + pick(ODD_TEXTS, random);
        case 3 -> headers.add(pick(ODD_HEADERS, random));
        default -> body = body.isEmpty() ? pick(ODD_JSON, random) : wrong(body, random);
      }
    }
    return new Request(method, raw(target), headers, body);
  }

  private String target(Operation operation, Random random) {
    StringBuilder target = new StringBuilder();
    for (String part : operation.path.substring(1).split("/", -1)) {
      target.append('/').append(part.startsWith("{") ? value(part, random) : part);
    }
    char next = '?';
    for (String parameter : operation.parameters) {
      if (random.nextInt(3) == 0) {
        target.append(next).append(parameter).append('=').append(pick(ODD_TEXTS, random));
        next = '&';
      }
    }
    return target.toString();
  }

  private String value(String variable, Random random) {
    if (random.nextInt(4) == 0) {
      return pick(ODD_TEXTS, random);
    }
    return switch (variable) {
      case "{index}" -> "0";
      case "{key}" -> "https:api.example.com:443";
      default -> pick(batches, random);
    };
  }

  private static String changed(String target, Random random) {
    int at = 1 + random.nextInt(target.length());
    return target.substring(0, at) + pick(ODD_TEXTS, random) + target.substring(at);
  }

  /** A target has no spaces, or it would be another request line. */
  private static String raw(String target) {
    return target.replace(" ", "%20");
  }

  private static String wrong(String body, Random random) {
    int at = random.nextInt(body.length());
    return switch (random.nextInt(6)) {
      case 0 -> body.substring(0, at);
      case 1 -> body.substring(0, at) + (char) random.nextInt(0x250) + body.substring(at + 1);
      case 2 -> body.substring(0, at) + body.substring(random.nextInt(body.length()));
      case 3 -> body + pick(ODD_JSON, random);
      case 4 -> pick(ODD_JSON, random);
      default -> otherValue(body, at, random);
    };
  }

  /** Puts another value after some colon. */
  private static String otherValue(String body, int from, Random random) {
    int colon = body.indexOf(':', from);
    if (colon < 0) {
      return body;
    }
    int end = colon + 1;
    while (end < body.length() && ",}]".indexOf(body.charAt(end)) < 0) {
      end++;
    }
    return body.substring(0, colon + 1) + pick(ODD_JSON, random) + body.substring(end);
  }

  private static <T> T pick(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }
}
