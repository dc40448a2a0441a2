package dev.sluice.intake;

import java.util.ArrayList;
import java.util.List;

class NdjsonFuzzTests extends SubmissionFuzz {

  @Override
  protected List<String> seeds() {
    List<String> seeds = new ArrayList<>(ITEMS);
    seeds.add(String.join("\n", ITEMS));
    seeds.add("\uFEFF" + String.join("\r\n\r\n", ITEMS) + "\r\n");
    return seeds;
  }

  @Override
  protected void parse(byte[] input) {
    read(SubmissionFormat.NDJSON, input, null);
  }
}
