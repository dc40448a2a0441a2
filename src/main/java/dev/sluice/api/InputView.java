package dev.sluice.api;

import dev.sluice.model.Destination;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import dev.sluice.model.SecretHeaders;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.util.RawValue;

/** Shows an item as it can be submitted again; header fields that carry secrets are left out. */
public final class InputView {

  private InputView() {}

  /** Gives the members of the item, in the order of the API's page. */
  public static Map<String, Object> of(Destination destination, Item item) {
    OutboundRequest request = item.request();
    Map<String, Object> input = new LinkedHashMap<>();
    if (item.id() != null) {
      input.put("id", item.id());
    }
    input.put("url", destination.origin() + request.target());
    input.put("method", request.method());
    Map<String, Object> headers =
        ResponseView.headers(
            request.headers().stream().filter(header -> !isSecret(header)).toList());
    if (!headers.isEmpty()) {
      input.put("headers", headers);
    }
    addBody(input, request);
    if (item.orderingKey() != null) {
      input.put("orderingKey", item.orderingKey());
    }
    return input;
  }

  private static boolean isSecret(Header header) {
    return header.sealed() || SecretHeaders.contains(header.name());
  }

  private static void addBody(Map<String, Object> input, OutboundRequest request) {
    byte[] body = request.body();
    switch (request.bodyKind()) {
      case NONE -> {}
      case JSON -> input.put("body", new RawValue(oneLine(utf8(body))));
      case FORM -> input.put("form", form(utf8(body)));
      case TEXT -> input.put("text", utf8(body));
      case BASE64 -> input.put("base64", Base64.getEncoder().encodeToString(body));
    }
  }

  /** Line ends of valid JSON are white space: strings hold them escaped. */
  private static String oneLine(String json) {
    return json.replace('\n', ' ').replace('\r', ' ');
  }

  private static Map<String, Object> form(String encoded) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (String pair : encoded.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = decode(equals < 0 ? pair : pair.substring(0, equals));
        String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
        fields.merge(name, value, ResponseView::join);
      }
    }
    return fields;
  }

  private static String decode(String encoded) {
    return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
