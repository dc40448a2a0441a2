package dev.sluice.report;

import dev.sluice.api.ResponseView;
import dev.sluice.api.ResultView;
import dev.sluice.store.ResultRecord;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * Results as CSV (RFC 4180, UTF-8, header line, CRLF). With inputs, the item's own columns come
 * first and everything else is in {@code sluice_*} columns, so the file can be mended and sent
 * again. Headers, JSON bodies and forms are JSON in their cell.
 *
 * <p>A cell that a spreadsheet would take for a formula (it begins with {@code = + - @}, tab or
 * carriage return) gets a leading apostrophe: OWASP, "CSV Injection".
 */
final class CsvFormat implements ResultFormat {

  private static final List<String> INPUT =
      List.of("url", "method", "headers", "body", "form", "text", "base64", "orderingKey");
  private static final List<String> RESULT =
      List.of(
          "sluice_seq",
          "sluice_index",
          "sluice_state",
          "sluice_status_code",
          "sluice_attempts",
          "sluice_latency_ms",
          "sluice_finished_at",
          "sluice_error_code",
          "sluice_error_message",
          "sluice_response_body",
          "sluice_response_encoding",
          "sluice_response_truncated");

  private final JsonMapper json;
  private final boolean includeInput;

  CsvFormat(JsonMapper json, boolean includeInput) {
    this.json = json;
    this.includeInput = includeInput;
  }

  @Override
  public MediaType type() {
    return new MediaType(CSV, StandardCharsets.UTF_8);
  }

  @Override
  public String extension() {
    return "csv";
  }

  @Override
  public void begin(OutputStream out) throws IOException {
    List<@Nullable Object> names = new ArrayList<>();
    names.add("id");
    if (includeInput) {
      names.addAll(INPUT);
    }
    names.addAll(RESULT);
    write(names, out);
  }

  @Override
  public void row(ResultRecord record, OutputStream out) throws IOException {
    ResultView result = ResultView.of(record);
    List<@Nullable Object> cells = new ArrayList<>();
    cells.add(result.id());
    if (includeInput) {
      addInput(cells, result.input() == null ? Map.of() : result.input());
    }
    cells.add(result.seq());
    cells.add(result.index());
    cells.add(result.state());
    cells.add(result.statusCode());
    cells.add(result.attempts());
    cells.add(result.latencyMs());
    cells.add(result.finishedAt());
    cells.add(result.error() == null ? null : result.error().code());
    cells.add(result.error() == null ? null : result.error().message());
    ResponseView response = result.response();
    cells.add(response == null ? null : response.body());
    cells.add(response == null ? null : response.encoding());
    cells.add(response == null ? null : response.truncated());
    write(cells, out);
  }

  private void addInput(List<@Nullable Object> cells, Map<String, Object> input) {
    for (String name : INPUT) {
      Object value = input.get(name);
      cells.add(value == null || value instanceof String ? value : json.writeValueAsString(value));
    }
  }

  private static void write(List<@Nullable Object> cells, OutputStream out) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.size(); i++) {
      if (i > 0) {
        line.append(',');
      }
      Object cell = cells.get(i);
      if (cell != null) {
        append(line, cell instanceof String text ? harmless(text) : cell.toString());
      }
    }
    out.write(line.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String harmless(String text) {
    if (text.isEmpty() || "=+-@\t\r".indexOf(text.charAt(0)) < 0) {
      return text;
    }
    return "'" + text;
  }

  private static void append(StringBuilder line, String cell) {
    boolean quoted = false;
    for (int i = 0; i < cell.length() && !quoted; i++) {
      char c = cell.charAt(i);
      quoted = c == '"' || c == ',' || c == '\n' || c == '\r';
    }
    if (quoted) {
      line.append('"').append(cell.replace("\"", "\"\"")).append('"');
    } else {
      line.append(cell);
    }
  }
}
