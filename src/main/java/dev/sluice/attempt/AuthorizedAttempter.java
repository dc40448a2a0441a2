package dev.sluice.attempt;

import dev.sluice.attempt.auth.Credential;
import dev.sluice.attempt.auth.CredentialException;
import dev.sluice.attempt.auth.Credentials;
import dev.sluice.attempt.auth.Proof;
import dev.sluice.attempt.egress.EgressDeniedException;
import dev.sluice.model.Destination;
import dev.sluice.model.Verdict;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Mono;

/**
 * Shows the credential of a batch to the hosts it is for. A token that a destination does not
 * accept is renewed, and the request sent once more within the same attempt, where that may be sent
 * twice.
 */
final class AuthorizedAttempter implements Attempter {

  private static final int UNAUTHORIZED = 401;

  private final Attempter plain;
  private final Credentials credentials;

  AuthorizedAttempter(Attempter plain, Credentials credentials) {
    this.plain = plain;
    this.credentials = credentials;
  }

  @Override
  public Mono<Verdict> attempt(AttemptRequest request) {
    String name = request.terms().credential();
    return name == null ? plain.attempt(request) : authorized(request, name);
  }

  private Mono<Verdict> authorized(AttemptRequest request, String name) {
    Credential credential = credentials.find(name);
    if (credential == null) {
      return Mono.just(notSent("credential", "There is no credential of that name any more"));
    }
    if (!credential.isFor(request.destination())) {
      return Mono.just(
          new Verdict.Denied(
              new Verdict.Failure("guard", "The credential is not for this destination")));
    }
    return prove(credential, request)
        .flatMap(
            proof ->
                send(request, proof).flatMap(verdict -> again(credential, request, proof, verdict)))
        .onErrorResume(AuthorizedAttempter::notProven);
  }

  /** A wait for a token ends with the attempt's deadline too. */
  private static Mono<Proof> prove(Credential credential, AttemptRequest request) {
    Mono<Proof> proof = credential.prove(request.request(), request.idempotencyKey());
    Mono<Proof> cut =
        Mono.create(sink -> request.cutter().arm(() -> sink.error(new TimeoutException())));
    return Mono.firstWithSignal(proof, cut);
  }

  private Mono<Verdict> send(AttemptRequest request, Proof proof) {
    return plain
        .attempt(request.with(proof.in(request.request())))
        .map(verdict -> Redaction.of(verdict, proof.secrets()));
  }

  private Mono<Verdict> again(
      Credential credential, AttemptRequest request, Proof refused, Verdict verdict) {
    if (verdict.statusCode() != UNAUTHORIZED
        || !request.terms().mayRepeat()
        || request.cutter().isCut()
        || !credential.renew(refused)) {
      return Mono.just(verdict);
    }
    return prove(credential, request).flatMap(proof -> send(request, proof)).onErrorReturn(verdict);
  }

  private static Mono<Verdict> notProven(Throwable error) {
    return Mono.just(
        switch (error) {
          case EgressDeniedException _ ->
              notSent("credential", "The token server is not among the places Sluice sends to");
          case TimeoutException _ ->
              notSent("deadline", "No credential within the attempt's deadline");
          case CredentialException e -> notSent("credential", String.valueOf(e.getMessage()));
          default -> notSent("credential", "The credential could not be had");
        });
  }

  private static Verdict notSent(String code, String message) {
    return new Verdict.NotSent(new Verdict.Failure(code, message));
  }

  @Override
  public void forget(Destination destination) {
    plain.forget(destination);
  }
}
