package dev.sluice.api;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/**
 * Refuses a path whose parameters ({@code ;a=b}) have a broken percent-encoding: the container
 * looks at the path without them, and whoever reads them first, before any handler, fails.
 */
final class PathParameterValve extends ValveBase {

  PathParameterValve() {
    super(true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    String path = request.getRequestURI();
    int parameters = path.indexOf(';');
    if (parameters >= 0 && hasBrokenEscape(path, parameters)) {
      ProblemWriter.write(
          response,
          new ApiProblem(
              400, Problems.code(400), "A parameter of the path has a broken percent-encoding"),
          null);
      return;
    }
    getNext().invoke(request, response);
  }

  private static boolean hasBrokenEscape(String path, int from) {
    for (int i = path.indexOf('%', from); i >= 0; i = path.indexOf('%', i + 1)) {
      if (i + 2 >= path.length() || !isHex(path.charAt(i + 1)) || !isHex(path.charAt(i + 2))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isHex(char c) {
    return Character.digit(c, 16) >= 0 && c < 128;
  }
}
