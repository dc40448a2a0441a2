package dev.sluice.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a client gave the body of an item; decides the default content type and the way it is shown
 * back.
 */
public enum BodyKind {
  /** No body. */
  NONE(0, null),
  /** {@code body}: any JSON value, kept byte for byte as it was sent. */
  JSON(1, "application/json"),
  /** {@code form}: URL-encoded fields. */
  FORM(2, "application/x-www-form-urlencoded"),
  /** {@code text}: characters, sent as UTF-8. */
  TEXT(3, "text/plain;charset=UTF-8"),
  /** {@code base64}: bytes. */
  BASE64(4, "application/octet-stream");

  private static final List<BodyKind> BY_NUMBER = List.of(values());

  private final int number;
  private final @Nullable String contentType;

  BodyKind(int number, @Nullable String contentType) {
    this.number = number;
    this.contentType = contentType;
  }

  /** Gives the content type sent when the item names none; null when there is no body. */
  public @Nullable String contentType() {
    return contentType;
  }

  /** Gives the number that stands for it in storage; never changed, never reused. */
  public int number() {
    return number;
  }

  /** Gives the kind of a stored number. */
  public static BodyKind of(int number) {
    return BY_NUMBER.get(number);
  }
}
