package dev.sluice.chaos;

import dev.sluice.fixture.SluiceClient;
import java.net.http.HttpRequest.BodyPublisher;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** What a client wants to submit, and how far it has come. One thread at a time. */
final class Submission {

  /** How it is submitted. */
  enum Form {
    /** In one request; sent again with its key when no answer came. */
    KEYED,
    /** In one request without a key: without an answer nobody knows. */
    KEYLESS,
    /** Opened, appended to in chunks, sealed. */
    CHUNKED,
    /** In one request whose last line is no item: nothing of it may stay. */
    BROKEN
  }

  /** What the client knows. */
  enum Knowledge {
    /** Nothing was asked for, or it can be asked again. */
    OPEN,
    /** Asked for once, without an answer. */
    UNKNOWN,
    ACCEPTED,
    REFUSED
  }

  /** Part of the URL of an item that ends processes. */
  static final String POISON = "/poison";

  private static final int CHUNKS = 4;
  private static final Duration SLOW_LINE = Duration.ofMillis(1);

  private final int number;
  private final Form form;
  private final boolean atMostOnce;
  private final int count;
  private final boolean slow;
  private final String url;
  private final String padding;
  private final int poisonIndex;

  private volatile Knowledge knowledge = Knowledge.OPEN;
  private volatile @Nullable String batchId;
  private volatile boolean cancelAsked;
  private int storedCount;

  /**
   * @param url of every item
   * @param padding adds to every body
   * @param slow whether the client takes its time
   */
  Submission(
      int number,
      Form form,
      boolean atMostOnce,
      int count,
      String url,
      String padding,
      boolean slow) {
    this(number, form, atMostOnce, count, url, padding, slow, -1);
  }

  private Submission(
      int number,
      Form form,
      boolean atMostOnce,
      int count,
      String url,
      String padding,
      boolean slow,
      int poisonIndex) {
    this.poisonIndex = poisonIndex;
    this.number = number;
    this.form = form;
    this.atMostOnce = atMostOnce;
    this.count = count;
    this.url = url;
    this.padding = padding;
    this.slow = slow;
  }

  /** Gives one of which an item ends every process that is about to send it. */
  static Submission poisoned(int number, int count, String url) {
    return new Submission(
        number, Form.KEYED, false, count, url, "", false, Math.floorDiv(count, 2));
  }

  /** Gives the item that ends processes; negative when none does. */
  int poisonIndex() {
    return poisonIndex;
  }

  /** Tells whether an item ends processes. */
  boolean isPoison(int index) {
    return index == poisonIndex;
  }

  String name() {
    return "s-" + number;
  }

  Form form() {
    return form;
  }

  boolean atMostOnce() {
    return atMostOnce;
  }

  int count() {
    return count;
  }

  String delivery() {
    return atMostOnce ? "at_most_once" : "at_least_once";
  }

  /** Gives how many items a chunk has. */
  int chunkSize() {
    return Math.ceilDiv(count, CHUNKS);
  }

  int storedCount() {
    return storedCount;
  }

  void stored(int total) {
    storedCount = total;
  }

  Knowledge knowledge() {
    return knowledge;
  }

  void asked() {
    knowledge = Knowledge.UNKNOWN;
  }

  void refused() {
    knowledge = Knowledge.REFUSED;
  }

  void opened(String id) {
    batchId = id;
  }

  void accepted(String id) {
    batchId = id;
    knowledge = Knowledge.ACCEPTED;
  }

  boolean isAccepted() {
    return knowledge == Knowledge.ACCEPTED;
  }

  @Nullable String batchId() {
    return batchId;
  }

  void askCancel() {
    cancelAsked = true;
  }

  boolean cancelAsked() {
    return cancelAsked;
  }

  /** Gives items from an index on as NDJSON. */
  BodyPublisher lines(int from, int to) {
    return SluiceClient.lines(to - from, offset -> line(from + offset));
  }

  private String line(int index) {
    if (slow && index % 8 == 0) {
      LockSupport.parkNanos(SLOW_LINE.toNanos());
    }
    return form == Form.BROKEN && index == count - 1
        ? "{\"url\":"
        : "{\"url\":\""
            + url
            + (isPoison(index) ? POISON : "")
            + "\",\"text\":\""
            + body(index)
            + "\"}";
  }

  private String body(int index) {
    return name() + '/' + index + '/' + padding;
  }

  /** Gives the checksum of the body that an item must have. */
  long crc(int index) {
    CRC32 crc = new CRC32();
    crc.update(body(index).getBytes(StandardCharsets.US_ASCII));
    return crc.getValue();
  }
}
