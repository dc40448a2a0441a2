package dev.sluice.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.store.StoreException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@NullUnmarked
@Timeout(30)
class ReadersTests {

  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir Path directory;
  private final ExecutorService platform = Executors.newCachedThreadPool();
  private final ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private Session only;
  private Readers readers;

  @BeforeEach
  void start() throws SQLException {
    SqliteFile file = new SqliteFile(TestStores.properties(directory.resolve("read.db")));
    file.open(new dev.sluice.store.TestClock()).close();
    only = file.openReader();
    readers = new Readers(List.of(only), 10, _ -> {});
  }

  @AfterEach
  void stop() {
    mayEnd.countDown();
    readers.close();
    platform.shutdownNow();
    virtual.shutdownNow();
  }

  private Thread reader() {
    return readers.read(_ -> Thread.currentThread());
  }

  /** Takes the only session and keeps it until the test lets it go. */
  private CompletableFuture<Boolean> occupy() throws InterruptedException {
    CountDownLatch taken = new CountDownLatch(1);
    CompletableFuture<Boolean> read =
        CompletableFuture.supplyAsync(
            () ->
                readers.read(
                    _ -> {
                      taken.countDown();
                      return await(mayEnd);
                    }),
            platform);
    assertThat(await(taken)).isTrue();
    return read;
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void letsAPlatformThreadReadForItself() {
    assertThat(reader()).isSameAs(Thread.currentThread());
  }

  @Test
  void readsForAVirtualThreadOnAPlatformThread() {
    assertThat(CompletableFuture.supplyAsync(this::reader, virtual))
        .succeedsWithin(LIMIT)
        .satisfies(thread -> assertThat(thread.isVirtual()).isFalse());
  }

  @Test
  void letsCallersOfEitherKindWaitForTheSessionAPlatformThreadHas() throws Exception {
    CompletableFuture<Boolean> first = occupy();
    CompletableFuture<Thread> second = CompletableFuture.supplyAsync(this::reader, platform);
    CompletableFuture<Thread> third = CompletableFuture.supplyAsync(this::reader, virtual);

    assertThat(List.of(first, second, third)).noneMatch(CompletableFuture::isDone);
    mayEnd.countDown();

    assertThat(first).succeedsWithin(LIMIT).isEqualTo(true);
    assertThat(second).succeedsWithin(LIMIT);
    assertThat(third).succeedsWithin(LIMIT);
  }

  @Test
  void givesTheSessionBackWhenAReadFails() {
    assertThatThrownBy(() -> readers.read(session -> session.number("SELECT nonsense")))
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(
            () ->
                readers.read(
                    _ -> {
                      throw new IllegalStateException("of the caller");
                    }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(reader()).isSameAs(Thread.currentThread());
  }

  @Test
  void closesASessionOnlyAfterThePlatformThreadThatHasIt() throws Exception {
    CompletableFuture<Boolean> read = occupy();
    CompletableFuture<Void> closed = CompletableFuture.runAsync(readers::close, virtual);

    assertThat(closed).isNotDone();
    assertThat(only.connection().isClosed()).isFalse();
    mayEnd.countDown();

    assertThat(read).succeedsWithin(LIMIT).isEqualTo(true);
    assertThat(closed).succeedsWithin(LIMIT);
    assertThat(only.connection().isClosed()).isTrue();
    assertThatThrownBy(this::reader).isInstanceOf(StoreException.class);
  }
}
