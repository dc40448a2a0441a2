package dev.sluice.report;

import dev.sluice.store.ResultRecord;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.web.HttpMediaTypeNotAcceptableException;

/** A way to write results, one row after the other. */
interface ResultFormat {

  MediaType NDJSON = MediaType.parseMediaType("application/x-ndjson");
  MediaType CSV = MediaType.parseMediaType("text/csv");
  List<MediaType> OFFERED = List.of(NDJSON, CSV);

  /** Gives the content type. */
  MediaType type();

  /** Gives what the name of a file in this format ends with. */
  String extension();

  /** Writes what comes before the rows. */
  void begin(OutputStream out) throws IOException;

  /** Writes a row. */
  void row(ResultRecord result, OutputStream out) throws IOException;

  /**
   * Gives the type that {@code Accept} likes best; NDJSON when it does not care.
   *
   * @throws HttpMediaTypeNotAcceptableException when it takes neither, or cannot be read
   */
  static MediaType choose(HttpHeaders headers) throws HttpMediaTypeNotAcceptableException {
    List<MediaType> accepted;
    try {
      accepted = headers.getAccept();
    } catch (InvalidMediaTypeException _) {
      throw new HttpMediaTypeNotAcceptableException(OFFERED);
    }
    if (accepted.isEmpty()) {
      return NDJSON;
    }
    MediaType best = null;
    double bestQuality = 0;
    for (MediaType offered : OFFERED) {
      double quality = quality(offered, accepted);
      if (quality > bestQuality) {
        best = offered;
        bestQuality = quality;
      }
    }
    if (best == null) {
      throw new HttpMediaTypeNotAcceptableException(OFFERED);
    }
    return best;
  }

  /** The most specific range that matches decides (RFC 9110, 12.5.1). */
  private static double quality(MediaType offered, List<MediaType> accepted) {
    double quality = 0;
    int specificity = -1;
    for (MediaType range : accepted) {
      int specific = range.isWildcardType() ? 0 : range.isWildcardSubtype() ? 1 : 2;
      if (range.includes(offered) && specific > specificity) {
        specificity = specific;
        quality = range.getQualityValue();
      }
    }
    return quality;
  }
}
