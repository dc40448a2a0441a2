package dev.sluice.report;

import dev.sluice.api.ResultView;
import dev.sluice.store.ResultRecord;
import java.io.IOException;
import java.io.OutputStream;
import org.springframework.http.MediaType;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/** Results as one JSON object a line. */
final class NdjsonFormat implements ResultFormat {

  private final ObjectWriter writer;

  NdjsonFormat(JsonMapper json) {
    this.writer = json.writerFor(ResultView.class);
  }

  @Override
  public MediaType type() {
    return NDJSON;
  }

  @Override
  public String extension() {
    return "ndjson";
  }

  @Override
  public void begin(OutputStream out) {}

  @Override
  public void row(ResultRecord result, OutputStream out) throws IOException {
    out.write(writer.writeValueAsBytes(ResultView.of(result)));
    out.write('\n');
  }
}
