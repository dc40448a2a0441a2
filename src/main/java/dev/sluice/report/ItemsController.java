package dev.sluice.report;

import dev.sluice.api.ApiProblem;
import dev.sluice.api.BatchAnswers;
import dev.sluice.api.Caller;
import dev.sluice.api.Cursor;
import dev.sluice.api.Page;
import dev.sluice.api.Requires;
import dev.sluice.api.Role;
import dev.sluice.model.Item;
import dev.sluice.store.BatchReader;
import dev.sluice.store.ItemFilter;
import dev.sluice.store.ItemRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Shows items, pending ones too. */
@Tag(name = "Items")
@Requires(Role.READ)
@RestController
@RequestMapping(path = "/v1", produces = MediaType.APPLICATION_JSON_VALUE)
final class ItemsController {

  private final BatchReader reader;
  private final BatchAnswers answers;

  ItemsController(BatchReader reader, BatchAnswers answers) {
    this.reader = reader;
    this.answers = answers;
  }

  @Operation(
      summary = "List the items of a batch in index order",
      description = "All filters must match; state may be given more than once.")
  @GetMapping("/batches/{batchId}/items")
  Page<ItemView> items(
      @AuthenticationPrincipal Caller caller,
      @PathVariable String batchId,
      @RequestParam(required = false) @Nullable String id,
      @RequestParam(required = false) @Nullable Set<ItemState> state,
      @RequestParam(required = false) @Nullable Integer statusCode,
      @RequestParam(required = false) @Nullable String errorCode,
      @RequestParam(required = false) @Nullable String destination,
      @RequestParam(required = false) @Nullable String cursor,
      @RequestParam(defaultValue = "100") int limit) {
    ItemFilter filter = Filters.items(id, state, statusCode, errorCode, destination);
    Long last = Cursor.ITEMS.key(cursor);
    int most = Page.limit(limit) + 1;
    List<ItemRecord> rows =
        reader.items(
            answers.find(caller.tenant(), batchId).ref(),
            filter,
            last == null ? 0 : last + 1,
            most);
    return Page.of(rows, limit, ItemView::listed, row -> Cursor.ITEMS.after(row.index()));
  }

  @Operation(summary = "Show an item with its input and attempts")
  @GetMapping("/batches/{batchId}/items/{index}")
  ItemView item(
      @AuthenticationPrincipal Caller caller,
      @PathVariable String batchId,
      @PathVariable long index) {
    if (index < 0 || index >= Item.MAX_COUNT) {
      throw notFound(batchId, index);
    }
    return reader
        .item(answers.find(caller.tenant(), batchId).ref(), index)
        .map(ItemView::whole)
        .orElseThrow(() -> notFound(batchId, index));
  }

  private static ApiProblem notFound(String batchId, long index) {
    return new ApiProblem(
        404, "item_not_found", "There is no item " + index + " in batch " + batchId);
  }

  @Operation(
      summary = "Find items by the client's id in all batches",
      description = "Newest batch first. Ids are labels: several items may carry the same.")
  @GetMapping("/items")
  Page<ItemView> itemsById(
      @AuthenticationPrincipal Caller caller,
      @RequestParam String id,
      @RequestParam(defaultValue = "100") int limit) {
    List<ItemRecord> found = reader.itemsById(caller.tenant(), id, Page.limit(limit));
    return new Page<>(found.stream().map(ItemView::listed).toList(), null, false);
  }
}
