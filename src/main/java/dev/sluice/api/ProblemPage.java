package dev.sluice.api;

import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Answers errors that happened outside every controller: filters, the container. */
@Hidden
@RestController
final class ProblemPage implements ErrorController {

  /** Request attribute with the problem of a request whose answer the container has taken over. */
  static final String PROBLEM = ProblemPage.class.getName() + ".problem";

  @RequestMapping("${spring.web.error.path:${error.path:/error}}")
  @Nullable ResponseEntity<Object> error(HttpServletRequest request, HttpServletResponse response) {
    if (response.isCommitted()) {
      return null;
    }
    Problems.guard(response);
    if (!(request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) instanceof Integer status)) {
      return Problems.answer(
          new ApiProblem(404, "not_found", "There is nothing at this path"), request);
    }
    String detail =
        status < 500 ? "The request is not valid" : "Something went wrong inside Sluice";
    ApiProblem problem =
        request.getAttribute(PROBLEM) instanceof ApiProblem known && known.status() == status
            ? known
            : new ApiProblem(status, Problems.code(status), detail);
    Object path = request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI);
    return path == null
        ? Problems.answer(problem, request)
        : ResponseEntity.status(status)
            .contentType(MediaType.APPLICATION_PROBLEM_JSON)
            .body(Problems.body(problem, path.toString()));
  }
}
