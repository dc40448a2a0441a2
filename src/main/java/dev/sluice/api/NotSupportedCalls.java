package dev.sluice.api;

import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Calls that are designed but not built: 422 {@code not_supported}, never a 404 that sounds like a
 * typing error. A call that gets built leaves the list and its mapping.
 */
@Hidden
@Requires(Role.CONTROL)
@RestController
@RequestMapping("/v1/batches/{id}")
final class NotSupportedCalls {

  /** A call by method and path template. */
  record Call(HttpMethod method, String path) {}

  /** All of them; a test walks the list. */
  static final List<Call> ALL =
      List.of(
          new Call(HttpMethod.DELETE, "/v1/batches/{id}"),
          new Call(HttpMethod.GET, "/v1/batches/{id}/timeline"),
          new Call(HttpMethod.POST, "/v1/batches/{id}/items/{index}/resolve"));

  @TakesQuery("*")
  @DeleteMapping
  ResponseEntity<Object> delete(HttpServletRequest request) {
    return refuse(request);
  }

  @Requires(Role.READ)
  @TakesQuery("*")
  @GetMapping("/timeline")
  ResponseEntity<Object> timeline(HttpServletRequest request) {
    return refuse(request);
  }

  @TakesQuery("*")
  @PostMapping("/items/{index}/resolve")
  ResponseEntity<Object> resolve(HttpServletRequest request) {
    return refuse(request);
  }

  private static ResponseEntity<Object> refuse(HttpServletRequest request) {
    String call = "The call " + request.getMethod() + ' ' + request.getRequestURI();
    return Problems.answer(ApiProblem.notSupported(call), request);
  }
}
