package dev.sluice.intake;

import java.nio.charset.StandardCharsets;
import java.util.List;

class QueryFuzzTests extends SubmissionFuzz {

  private static final byte[] ITEM = ITEMS.getFirst().getBytes(StandardCharsets.UTF_8);

  @Override
  protected List<String> seeds() {
    return List.of(
        "name=n&metadata.k=v&concurrency=50&rate.permits=300&rate.per=1s&retry.on=429,5xx",
        "deadline=2031-01-01T00%3A00%3A00Z&success=2xx&timeout=PT30S&capture.on=always",
        "haltOn.failureRatio=0.5&haltOn.after=100&canary.items=5&auth.credential=partner&weight=2");
  }

  @Override
  protected void parse(byte[] input) {
    read(SubmissionFormat.NDJSON, ITEM, new String(input, StandardCharsets.ISO_8859_1));
  }
}
