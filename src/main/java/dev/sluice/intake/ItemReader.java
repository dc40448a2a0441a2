package dev.sluice.intake;

import dev.sluice.api.ApiProblem;
import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import dev.sluice.model.Item;
import dev.sluice.model.OutboundRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes items of JSON objects: reads, lays them over the template, validates. A bad item goes to
 * the log, a good one to the sink. One thread.
 */
final class ItemReader {

  private final Template template;
  private final ErrorLog errors;
  private final long firstIndex;
  private final long maxItems;
  private final ItemSink sink;
  private final ItemFieldsReader reader;
  private final UrlReader urls = new UrlReader();
  private final ItemFields fields = new ItemFields();
  private List<Header> lastOwn = List.of();
  private List<Header> lastMerged;

  /**
   * @param firstIndex what the index of the request's first item is in the batch
   * @param maxItems most items of the batch
   */
  ItemReader(Template template, ErrorLog errors, long firstIndex, long maxItems, ItemSink sink) {
    this.template = template;
    this.errors = errors;
    this.firstIndex = firstIndex;
    this.maxItems = maxItems;
    this.sink = sink;
    this.reader = new ItemFieldsReader(errors);
    this.lastMerged = template.headers();
  }

  /**
   * Reads one item at the place set in the log.
   *
   * @param index its index within the request
   * @return whether the bytes were JSON
   * @throws ApiProblem when the batch has no room for it
   */
  boolean read(byte[] bytes, int from, int to, long index) {
    if (firstIndex + index >= maxItems) {
      throw new ApiProblem(413, "too_many_items", "A batch has at most " + maxItems + " items");
    }
    int before = errors.count();
    boolean json = reader.read(bytes, from, to, fields);
    if (errors.count() == before) {
      UrlReader.Address address = address();
      OutboundRequest request = address == null ? null : request(address.target());
      if (address != null && request != null) {
        sink.accept(
            address.destination(),
            new Item(firstIndex + index, fields.id, request, null, null, null));
      }
    }
    return json;
  }

  private UrlReader.@Nullable Address address() {
    String url = fields.url != null ? fields.url : template.url();
    if (url == null) {
      errors.report("/url", "missing_url", "An item needs a url");
      return null;
    }
    UrlReader.Address address = urls.read(url);
    if (address == null) {
      errors.report("/url", "invalid_url", "The url is refused: " + urls.problem());
    }
    return address;
  }

  private @Nullable OutboundRequest request(String target) {
    String method = fields.method != null ? fields.method : template.method();
    BodyKind kind = fields.bodyKind;
    byte[] body = fields.body;
    if (kind == null) {
      kind = template.bodyKind() == null ? BodyKind.NONE : template.bodyKind();
      body = template.body();
    }
    if (method == null) {
      method = "POST";
    }
    if (kind != BodyKind.NONE && !MethodRules.allowsBody(method)) {
      errors.report("", "body_not_allowed", "A " + method + " request has no body");
      return null;
    }
    List<Header> headers = headers();
    return headers == null ? null : new OutboundRequest(method, target, headers, kind, body);
  }

  private @Nullable List<Header> headers() {
    // Mostly the very list of the item before: merged and checked already.
    if (fields.headers.equals(lastOwn)) {
      return lastMerged;
    }
    List<Header> merged = HeaderRules.merge(template.headers(), fields.headers);
    String problem = HeaderRules.listProblem(merged);
    if (problem != null) {
      errors.report("/headers", "too_many_headers", problem);
      return null;
    }
    lastOwn = fields.headers;
    lastMerged = merged;
    return merged;
  }
}
