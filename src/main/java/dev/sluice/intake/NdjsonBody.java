package dev.sluice.intake;

import dev.sluice.api.BatchLabels;
import dev.sluice.api.OptionFields;
import dev.sluice.api.OptionsReader;
import dev.sluice.model.BatchOptions;
import java.util.Map;

/**
 * NDJSON: an item a line; LF or CRLF, blank lines skipped, a byte order mark allowed. What
 * describes the batch comes as query parameters.
 */
final class NdjsonBody implements SubmissionBody {

  private final ByteFeed feed;
  private final QueryString query;
  private final int maxItem;

  NdjsonBody(ContentStream content, QueryString query, IntakeProperties limits) {
    this.maxItem = (int) limits.maxItem().toBytes();
    this.feed = new ByteFeed(content, maxItem);
    this.query = query;
  }

  @Override
  public BatchHead head() {
    String name = query.take("name");
    Map<String, String> metadata = query.takeAll("metadata.");
    OptionFields fields = OptionFields.ofQuery(query.takeRest());
    // These belong to formats and templates that are not built; the rest are options.
    fields.refuse("vars", "csv");
    BatchOptions options = OptionsReader.read(fields);
    return new BatchHead(new BatchLabels(name, metadata), options, Template.NONE, null, false);
  }

  @Override
  public long items(ItemReader reader, ErrorLog errors) {
    long line = 0;
    long index = 0;
    while (!errors.isFull()) {
      ByteFeed.Cut cut = feed.nextLine();
      if (cut == ByteFeed.Cut.END) {
        break;
      }
      line++;
      if (cut == ByteFeed.Cut.WHOLE && feed.isBlank()) {
        continue;
      }
      errors.atLine(line, index);
      if (cut == ByteFeed.Cut.TOO_LONG) {
        errors.report("", "item_too_large", "A line may have at most " + maxItem + " bytes");
      } else if (!feed.isUtf8()) {
        errors.report("", "invalid_utf8", "The line is not UTF-8");
      } else {
        reader.read(feed.buffer(), feed.start(), feed.end(), index);
      }
      index++;
    }
    return index;
  }
}
