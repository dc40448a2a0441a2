package dev.sluice.api;

import dev.sluice.store.StoreException;
import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MissingRequestHeaderException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.async.AsyncRequestTimeoutException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.NoHandlerFoundException;
import org.springframework.web.servlet.resource.NoResourceFoundException;
import org.springframework.web.util.DisconnectedClientHelper;

/**
 * Turns whatever a request threw into one problem. Bad input never becomes a 5xx, and a fault of
 * ours shows an id that the log has, never a class name.
 */
@Hidden
@RestControllerAdvice
final class ProblemAdvice {

  private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);
  private static final Duration STORE_RETRY = Duration.ofSeconds(2);

  @ExceptionHandler
  @Nullable ResponseEntity<Object> render(
      Exception thrown, HttpServletRequest request, HttpServletResponse response) throws Exception {
    if (request.getAttribute(RequestDispatcher.ERROR_EXCEPTION) instanceof IOException
        && thrown instanceof ApiProblem problem) {
      // The container could not read the body and has taken the answer over: the error page gives
      // it.
      request.setAttribute(ProblemPage.PROBLEM, problem);
      return null;
    }
    if (DisconnectedClientHelper.isClientDisconnectedException(thrown)) {
      log.atDebug().addKeyValue("path", request.getRequestURI()).log("Client went away.");
      return null;
    }
    if (response.isCommitted()) {
      // The container breaks the connection off, so a cut stream never looks complete.
      throw thrown;
    }
    ApiProblem problem = problem(thrown);
    if (problem.status() == 500) {
      String errorId = UUID.randomUUID().toString();
      log.atError()
          .addKeyValue("errorId", errorId)
          .addKeyValue("method", request.getMethod())
          .addKeyValue("path", request.getRequestURI())
          .setCause(thrown)
          .log("Request failed.");
      problem.with("errorId", errorId);
    }
    return Problems.answer(problem, request, headers(thrown));
  }

  private static HttpHeaders headers(Exception thrown) {
    return thrown instanceof ErrorResponse response ? response.getHeaders() : HttpHeaders.EMPTY;
  }

  private static ApiProblem problem(Exception thrown) {
    return switch (thrown) {
      case ApiProblem problem -> problem;
      case StoreException store -> store(store);
      case NoResourceFoundException _, NoHandlerFoundException _ ->
          new ApiProblem(404, "not_found", "There is nothing at this path");
      case HttpRequestMethodNotSupportedException e -> method(e);
      case HttpMediaTypeNotAcceptableException e -> notAcceptable(e);
      case HttpMediaTypeNotSupportedException e -> mediaType(e);
      case MissingServletRequestParameterException e ->
          parameter("missing_parameter", e.getParameterName(), "is required");
      case MissingRequestHeaderException e ->
          new ApiProblem(400, "missing_header", "The header " + e.getHeaderName() + " is required");
      case TypeMismatchException e -> mismatch(e);
      case HttpMessageNotReadableException _ ->
          new ApiProblem(400, "unreadable_body", "The request body could not be read");
      case SocketTimeoutException _ ->
          new ApiProblem(408, "request_timeout", "The request body did not arrive in time");
      case EOFException _ ->
          new ApiProblem(400, "unreadable_body", "The request body ended too early");
      case org.apache.tomcat.util.http.InvalidParameterException _ ->
          new ApiProblem(400, "invalid_parameter", "The query string is not valid UTF-8");
      case org.apache.coyote.BadRequestException _ ->
          new ApiProblem(400, "unreadable_body", "The request body is not valid HTTP");
      case AsyncRequestTimeoutException _ ->
          new ApiProblem(503, "timeout", "The answer took too long; try again")
              .retryAfter(STORE_RETRY);
      case ErrorResponse e -> generic(e.getStatusCode().value());
      default -> generic(500);
    };
  }

  private static ApiProblem store(StoreException e) {
    return switch (e.kind()) {
      case UNAVAILABLE ->
          new ApiProblem(503, "store_unavailable", "The store is busy or unreachable; try again")
              .retryAfter(STORE_RETRY);
      case FULL -> new ApiProblem(507, "store_full", "The store is full; nothing was stored");
      case CORRUPT ->
          new ApiProblem(500, "store_corrupt", "Stored data fails its check; an operator must act");
    };
  }

  private static ApiProblem method(HttpRequestMethodNotSupportedException e) {
    String[] supported = e.getSupportedMethods();
    return new ApiProblem(
        405,
        "method_not_allowed",
        "This path does not take "
            + e.getMethod()
            + (supported == null ? "" : "; it takes " + String.join(", ", supported)));
  }

  private static ApiProblem notAcceptable(HttpMediaTypeNotAcceptableException e) {
    return new ApiProblem(
        406,
        "not_acceptable",
        "This path cannot answer in a type that Accept names"
            + offered(e.getSupportedMediaTypes()));
  }

  private static ApiProblem mediaType(HttpMediaTypeNotSupportedException e) {
    MediaType given = e.getContentType();
    return new ApiProblem(
        415,
        "unsupported_media_type",
        (given == null ? "The request names no valid Content-Type" : given + " is not taken here")
            + offered(e.getSupportedMediaTypes()));
  }

  private static String offered(Collection<MediaType> types) {
    return types.isEmpty() ? "" : "; expected " + MediaType.toString(types);
  }

  private static ApiProblem mismatch(TypeMismatchException e) {
    Class<?> type = e.getRequiredType();
    String expected =
        type == null
            ? "is not valid"
            : type.isEnum()
                ? "must be one of " + Arrays.toString(type.getEnumConstants())
                : Number.class.isAssignableFrom(type) || type.isPrimitive()
                    ? "must be a number"
                    : "is not valid";
    String name =
        e instanceof MethodArgumentTypeMismatchException argument
            ? argument.getName()
            : String.valueOf(e.getPropertyName());
    return parameter("invalid_parameter", name, expected);
  }

  private static ApiProblem parameter(String code, String name, String message) {
    String sentence = "The parameter " + name + ' ' + message;
    return new ApiProblem(
            400, code, sentence, List.of(new InputError(null, null, null, code, sentence)))
        .with("parameter", name);
  }

  private static ApiProblem generic(int status) {
    return new ApiProblem(
        status,
        Problems.code(status),
        status < 500 ? "The request is not valid" : "Something went wrong inside Sluice");
  }
}
