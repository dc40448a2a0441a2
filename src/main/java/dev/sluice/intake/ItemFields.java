package dev.sluice.intake;

import dev.sluice.model.BodyKind;
import dev.sluice.model.Header;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields of an item or of a template as they were read; reused from item to item. */
final class ItemFields {

  @Nullable String id;
  @Nullable String url;
  @Nullable String method;
  List<Header> headers = List.of();

  /** Null when no body field was given. */
  @Nullable BodyKind bodyKind;

  byte[] body = NOTHING;

  static final byte[] NOTHING = new byte[0];

  void clear() {
    id = null;
    url = null;
    method = null;
    headers = List.of();
    bodyKind = null;
    body = NOTHING;
  }
}
