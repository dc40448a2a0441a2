package dev.sluice.api;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;

/**
 * Answers what the container refuses before any servlet sees it, for example a request target with
 * raw braces. Tomcat makes it by name, so it is public.
 */
public final class ProblemValve extends ErrorReportValve {

  @Override
  protected void report(Request request, Response response, @Nullable Throwable thrown) {
    int status = asked(response.getStatus());
    // Begun or already reported answers stay as they are; setErrorReported tells exactly once.
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    String detail =
        status < 500
            ? "The request is not valid HTTP: characters of the path or query may lack their"
                + " percent-encoding"
            : "Something went wrong inside Sluice";
    try {
      ProblemWriter.write(response, new ApiProblem(status, Problems.code(status), detail), null);
      response.finishResponse();
    } catch (IOException e) {
      container.getLogger().debug("A client went away before it saw its problem", e);
    }
  }

  /** A transfer coding that nobody knows is the client's fault, not one of ours. */
  private static int asked(int status) {
    return status == 501 ? 400 : status;
  }
}
