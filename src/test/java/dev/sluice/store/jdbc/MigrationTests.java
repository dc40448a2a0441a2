package dev.sluice.store.jdbc;

import static dev.sluice.store.StoreFixture.ALPHA;
import static dev.sluice.store.StoreFixture.sealed;
import static dev.sluice.store.StoreFixture.shard;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.store.TestClock;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schema changes that were cut off in the middle. */
@NullUnmarked
class MigrationTests {

  private static final int EVERY = 9;

  @TempDir Path directory;
  private final TestClock clock = new TestClock();
  private final List<Path> images = new ArrayList<>();
  private int statements;

  @Test
  void isFinishedByTheNextStartWhereverItWasCutOff() throws Exception {
    SqliteFile file = new SqliteFile(TestStores.properties(directory.resolve("data.db")));
    try (Session writer = file.openWriter()) {
      SqliteFile.flyway(imaging(file.source())).migrate();
      writer.connection().commit();
    }
    assertThat(images).hasSizeGreaterThan(4);
    for (Path image : images) {
      try (SqliteStore store = TestStores.open(image, clock)) {
        sealed(store.roles().batchWriter(), shard(ALPHA, 0, 10));
        store.check();
      }
    }
  }

  /** Copies the files, as a kill would leave them, before every so many statements. */
  private DataSource imaging(DataSource source) {
    return proxy(
        DataSource.class,
        (_, method, arguments) -> {
          Object result = invoke(source, method, arguments);
          return result instanceof Connection connection ? imaging(connection) : result;
        });
  }

  private Connection imaging(Connection connection) {
    return proxy(
        Connection.class,
        (_, method, arguments) -> {
          Object result = invoke(connection, method, arguments);
          return result instanceof Statement statement && method.getName().equals("createStatement")
              ? imaging(statement)
              : result;
        });
  }

  private Statement imaging(Statement statement) {
    return proxy(
        Statement.class,
        (_, method, arguments) -> {
          if (method.getName().startsWith("execute") && statements++ % EVERY == EVERY - 1) {
            images.add(
                TestStores.image(
                    directory.resolve("data.db"), directory.resolve("cut-" + statements)));
          }
          return invoke(statement, method, arguments);
        });
  }

  private static Object invoke(Object target, java.lang.reflect.Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof SQLException sql ? sql : e.getCause();
    }
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            MigrationTests.class.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
