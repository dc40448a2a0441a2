package dev.sluice.api;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A page of a list.
 *
 * @param nextCursor continues the list; null when this is the end
 * @param hasMore whether more follow
 */
public record Page<T>(List<T> data, @Nullable String nextCursor, boolean hasMore) {

  /** Most entries of a page. */
  public static final int MAX_LIMIT = 1000;

  public Page {
    data = List.copyOf(data);
  }

  /**
   * Gives the page of a query that asked for one row more than {@code limit}.
   *
   * @param rows up to {@code limit + 1} rows
   * @param cursor gives the cursor that continues after a row
   */
  public static <R, T> Page<T> of(
      List<R> rows, int limit, Function<R, T> view, Function<R, String> cursor) {
    boolean hasMore = rows.size() > limit;
    List<R> shown = hasMore ? rows.subList(0, limit) : rows;
    return new Page<>(
        shown.stream().map(view).toList(), hasMore ? cursor.apply(shown.getLast()) : null, hasMore);
  }

  /**
   * Checks a limit.
   *
   * @throws ApiProblem 400 when it is not 1 to {@link #MAX_LIMIT}
   */
  public static int limit(int limit) {
    if (limit < 1 || limit > MAX_LIMIT) {
      throw ApiProblem.invalidParameter("limit", "must be 1.." + MAX_LIMIT + ", was " + limit);
    }
    return limit;
  }
}
