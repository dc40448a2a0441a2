package dev.sluice.ops;

import java.io.IOException;
import java.io.InputStream;
import java.text.ParseException;
import java.time.Duration;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;
import org.springframework.core.io.InputStreamResource;
import org.springframework.core.io.Resource;

/**
 * Records with JDK Flight Recorder, under its settings {@code profile}: one recording at a time,
 * bounded in time and size. Any thread.
 */
@WebEndpoint(id = "recording", defaultAccess = Access.NONE)
final class RecordingEndpoint {

  private static final int DEFAULT_SECONDS = 60;
  private static final int MOST_SECONDS = 600;
  private static final long MOST_BYTES = 100_000_000;

  private @Nullable Recording recording;

  /**
   * Begins a recording, in place of an earlier one; 400 for a time that is not allowed.
   *
   * @param seconds 1 to 600; 60 when absent
   */
  @WriteOperation
  synchronized WebEndpointResponse<Void> begin(@Nullable Integer seconds)
      throws IOException, ParseException {
    int length = seconds == null ? DEFAULT_SECONDS : seconds;
    if (length < 1 || length > MOST_SECONDS) {
      return new WebEndpointResponse<>(WebEndpointResponse.STATUS_BAD_REQUEST);
    }
    end();
    Recording begun = new Recording(Configuration.getConfiguration("profile"));
    begun.setMaxSize(MOST_BYTES);
    begun.setDuration(Duration.ofSeconds(length));
    begun.start();
    recording = begun;
    return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NO_CONTENT);
  }

  /**
   * Ends the recording if it still runs, and gives it as a file for {@code jfr} and JDK Mission
   * Control; 404 when there is none.
   */
  @ReadOperation(produces = "application/octet-stream")
  synchronized WebEndpointResponse<Resource> recorded() throws IOException {
    Recording begun = recording;
    if (begun != null && begun.getState() == RecordingState.RUNNING) {
      begun.stop();
    }
    InputStream content = begun == null ? null : begun.getStream(null, null);
    return content == null
        ? new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND)
        : new WebEndpointResponse<>(new InputStreamResource(content));
  }

  /** Throws the recording away. */
  @DeleteOperation
  synchronized void end() {
    Recording begun = recording;
    if (begun != null) {
      begun.close();
      recording = null;
    }
  }
}
