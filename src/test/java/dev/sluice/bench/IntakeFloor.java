package dev.sluice.bench;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The least that durable intake can do: walk over the tokens of NDJSON, and insert the same bytes,
 * uncompressed, as blobs of 500 items into a SQLite file, a transaction for every 8 of them. {@code
 * IntakeFloor <file> <url> <body bytes>} answers lines as {@link SenderMain} does, with zeros for
 * exchanges.
 */
final class IntakeFloor {

  private static final int BLOB_ITEMS = 500;
  private static final int BLOBS_PER_TRANSACTION = 8;

  private final JsonFactory json = new JsonFactory();
  private final Connection connection;

  /** As they are sent, each with its LF and all of the same length. */
  private final byte[][] lines;

  private IntakeFloor(Connection connection, byte[][] lines) {
    this.connection = connection;
    this.lines = lines;
  }

  public static void main(String[] args) throws Exception {
    IntFunction<String> events = Events.lines(args[1], Integer.parseInt(args[2]));
    byte[][] lines =
        IntStream.range(0, Events.DISTINCT)
            .mapToObj(i -> (events.apply(i) + "\n").getBytes(StandardCharsets.UTF_8))
            .toArray(byte[][]::new);
    try (Connection connection = open(args[0])) {
      IntakeFloor floor = new IntakeFloor(connection, lines);
      SenderMain.serve((items, _, _) -> floor.take(items));
    }
  }

  /** Opens with the settings of Sluice's own file that decide what a write costs. */
  private static Connection open(String file) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA page_size = 8192");
      statement.execute("PRAGMA journal_mode = WAL");
      statement.execute("PRAGMA synchronous = FULL");
      statement.execute("PRAGMA wal_autocheckpoint = 4000");
      statement.execute("CREATE TABLE blobs (id INTEGER PRIMARY KEY, content BLOB NOT NULL)");
    }
    connection.setAutoCommit(false);
    return connection;
  }

  private void take(int items) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO blobs (content) VALUES (?)")) {
      int blobs = 0;
      for (int taken = 0; taken < items; taken += BLOB_ITEMS) {
        byte[] content = content(taken, Math.min(BLOB_ITEMS, items - taken));
        walk(content, Math.min(BLOB_ITEMS, items - taken));
        insert.setBytes(1, content);
        insert.executeUpdate();
        if (++blobs % BLOBS_PER_TRANSACTION == 0) {
          connection.commit();
        }
      }
      connection.commit();
    }
  }

  private byte[] content(int from, int count) {
    int length = lines[0].length;
    byte[] content = new byte[length * count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(lines[(from + i) % lines.length], 0, content, i * length, length);
    }
    return content;
  }

  private void walk(byte[] content, int items) {
    int objects = 0;
    try (JsonParser parser = json.createParser(ObjectReadContext.empty(), content)) {
      int depth = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isStructStart()) {
          depth++;
        } else if (token.isStructEnd() && --depth == 0) {
          objects++;
        }
      }
    }
    if (objects != items) {
      throw new IllegalStateException("%d objects for %d items".formatted(objects, items));
    }
  }
}
