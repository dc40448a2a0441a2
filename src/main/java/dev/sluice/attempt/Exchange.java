package dev.sluice.attempt;

import dev.sluice.model.CapturedResponse;
import dev.sluice.model.Header;
import dev.sluice.model.SecretHeaders;
import dev.sluice.model.Verdict;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.web.reactive.function.client.ClientResponse;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.channel.ChannelOperations;

/**
 * One exchange on its way to a verdict: not begun, writing, replied, ended. Ends exactly once: by
 * the reply's last byte, an error, a cut or a cancel; whoever comes first wins, and the connection
 * is released or closed in each case.
 */
final class Exchange extends Mono<Verdict> {

  private static final int NEW = 0;
  private static final int WRITING = 1;
  private static final int ENDED = 2;

  private final AttemptRequest request;
  private final UrlCache urls;
  private final VerdictClassifier classifier;
  private final AttemptProperties properties;

  Exchange(
      AttemptRequest request,
      UrlCache urls,
      VerdictClassifier classifier,
      AttemptProperties properties) {
    this.request = request;
    this.urls = urls;
    this.classifier = classifier;
    this.properties = properties;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Verdict> actual) {
    Running running = new Running(actual);
    actual.onSubscribe(running);
    running.begin();
  }

  private final class Running implements Subscription, CoreSubscriber<ClientResponse> {
    private final CoreSubscriber<? super Verdict> actual;
    private final AtomicInteger phase = new AtomicInteger(NEW);
    private final BodyReader body = new BodyReader();
    private volatile @Nullable Subscription upstream;
    private volatile @Nullable ClientResponse response;
    private volatile @Nullable Connection connection;

    Running(CoreSubscriber<? super Verdict> actual) {
      this.actual = actual;
    }

    void begin() {
      request.cutter().arm(this::cut);
      if (isEnded()) {
        return;
      }
      try {
        UrlCache.Entry address = urls.entry(request.destination(), request.request().target());
        PreparedRequest prepared =
            new PreparedRequest(
                request, address.url(), properties.idempotencyHeader(), this::writing);
        address.route().function().exchange(prepared).subscribe(this);
      } catch (RuntimeException e) {
        fail(e);
      }
    }

    /** The boundary between not sent and maybe sent: an exchange cut before it is never written. */
    private void writing(Connection acquired) {
      connection = acquired;
      if (!phase.compareAndSet(NEW, WRITING)) {
        throw new IllegalStateException("The attempt was cut before its request was written");
      }
      request.cutter().writing();
    }

    private boolean isEnded() {
      return phase.get() == ENDED;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      upstream = subscription;
      if (isEnded()) {
        subscription.cancel();
        return;
      }
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ClientResponse reply) {
      response = reply;
      Flux<DataBuffer> buffers =
          reply.body((message, context) -> new Body(message.getBody())).buffers();
      buffers.subscribe(body);
    }

    @Override
    public void onError(Throwable error) {
      fail(error);
    }

    @Override
    public void onComplete() {
      if (response == null) {
        fail(new IOException("The connection ended without a reply"));
      }
    }

    private void end(Verdict verdict) {
      if (phase.getAndSet(ENDED) == ENDED) {
        return;
      }
      Connection used = connection;
      EventLoop loop = used == null ? null : used.channel().eventLoop();
      if (loop != null && loop.inEventLoop()) {
        // The connection goes back to the pool only after this call has returned. Telling the lane
        // after that lets its
        // next exchange take the same warm connection on the same thread, instead of one that
        // another thread must be
        // woken for.
        loop.execute(() -> emit(verdict));
      } else {
        emit(verdict);
      }
    }

    private void fail(Throwable error) {
      int before = phase.getAndSet(ENDED);
      if (before != ENDED) {
        emit(classifier.failure(error, before == WRITING));
      }
    }

    private void cut() {
      int before = phase.getAndSet(ENDED);
      if (before == ENDED) {
        return;
      }
      ClientResponse reply = response;
      abandon(before);
      emit(reply == null ? classifier.cut(before == WRITING) : verdict(reply, body.captured(true)));
    }

    private void emit(Verdict verdict) {
      actual.onNext(verdict);
      actual.onComplete();
    }

    private Verdict verdict(ClientResponse reply, byte @Nullable [] captured) {
      int status = reply.statusCode().value();
      HttpHeaders headers = reply.headers().asHttpHeaders();
      CapturedResponse kept =
          request.terms().captures(status) && captured != null
              ? new CapturedResponse(keptHeaders(headers), captured, body.truncated)
              : null;
      return classifier.reply(status, headers::getFirst, kept, request.terms());
    }

    private List<Header> keptHeaders(HttpHeaders headers) {
      List<Header> kept = new ArrayList<>();
      int[] room = {properties.maxCapturedHeaderBytes()};
      headers.forEach(
          (name, values) -> {
            for (String value : values) {
              room[0] -= name.length() + value.length();
              if (room[0] >= 0 && !SecretHeaders.contains(name)) {
                kept.add(new Header(name, value));
              }
            }
          });
      return kept;
    }

    @Override
    public void request(long n) {
      // One verdict comes whatever the demand: the only subscriber is a lane loop, which always
      // takes it.
    }

    @Override
    public void cancel() {
      int before = phase.getAndSet(ENDED);
      if (before != ENDED) {
        abandon(before);
      }
    }

    /**
     * Gives the exchange up. One that is being written or read is not cancelled, its connection is
     * closed: a cancel between a reply's head and the subscription to its body makes Spring read
     * the body to its end, and some bodies have none.
     */
    private void abandon(int before) {
      Connection used = connection;
      Subscription subscription = upstream;
      if (before == WRITING && used != null) {
        used.channel().eventLoop().execute(() -> close(used));
      } else if (subscription != null) {
        subscription.cancel();
      }
    }

    /** Closes the connection unless it went on to another exchange meanwhile. */
    private static void close(Connection used) {
      if (used.equals(ChannelOperations.get(used.channel()))) {
        var _ = used.channel().close();
      }
    }

    /** Reads the body to its end without keeping more than the batch asked for. */
    private final class BodyReader implements CoreSubscriber<DataBuffer> {
      private volatile @Nullable Subscription subscription;
      private volatile @Nullable ByteArrayOutputStream kept;
      private long readBytes;
      private volatile boolean truncated;

      @Override
      public void onSubscribe(Subscription s) {
        subscription = s;
        if (isEnded()) {
          s.cancel();
        } else {
          s.request(Long.MAX_VALUE);
        }
      }

      @Override
      public void onNext(DataBuffer buffer) {
        readBytes += buffer.readableByteCount();
        keep(buffer);
        DataBufferUtils.release(buffer);
        if (readBytes > properties.maxResponse().toBytes()) {
          truncated = true;
          finish();
          cancel();
        }
      }

      private void keep(DataBuffer buffer) {
        ClientResponse reply = response;
        if (reply == null || !request.terms().captures(reply.statusCode().value())) {
          return;
        }
        ByteArrayOutputStream sink = kept;
        if (sink == null) {
          sink = new ByteArrayOutputStream(Math.min(buffer.readableByteCount(), 4096));
          kept = sink;
        }
        int room = request.terms().capture().bytes() - sink.size();
        int length = Math.min(room, buffer.readableByteCount());
        byte[] bytes = new byte[Math.max(length, 0)];
        buffer.read(bytes);
        synchronized (sink) {
          sink.writeBytes(bytes);
        }
        truncated |= buffer.readableByteCount() > 0;
      }

      byte[] captured(boolean cutOff) {
        truncated |= cutOff;
        ByteArrayOutputStream sink = kept;
        if (sink == null) {
          return new byte[0];
        }
        synchronized (sink) {
          return sink.toByteArray();
        }
      }

      @Override
      public void onError(Throwable error) {
        truncated = true;
        finish();
      }

      @Override
      public void onComplete() {
        finish();
      }

      private void finish() {
        ClientResponse reply = response;
        if (reply != null) {
          end(verdict(reply, captured(false)));
        }
      }

      void cancel() {
        Subscription s = subscription;
        if (s != null) {
          s.cancel();
        }
      }

      @Override
      public reactor.util.context.Context currentContext() {
        return actual.currentContext();
      }
    }

    @Override
    public reactor.util.context.Context currentContext() {
      return actual.currentContext();
    }
  }

  /** Carries the raw body out of a response past the operators that a publisher would get. */
  private record Body(Flux<DataBuffer> buffers) {}
}
