package dev.sluice.dispatch;

import dev.sluice.attempt.Attempter;
import dev.sluice.attempt.LoopLag;
import dev.sluice.model.DispatchLoad;
import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.LaneBoard;
import dev.sluice.store.LimitShares;
import dev.sluice.store.ShardQueue;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Wires dispatch. */
@Configuration(proxyBeanMethods = false)
class DispatchConfiguration {

  @Bean
  CircuitBreakerRegistry circuitBreakerRegistry() {
    return CircuitBreakerRegistry.ofDefaults();
  }

  @Bean
  LaneBoard laneBoard(Dispatcher dispatcher) {
    return dispatcher::board;
  }

  @Bean
  DispatchLoad dispatchLoad(Dispatcher dispatcher) {
    return dispatcher::load;
  }

  @Bean
  Dispatcher dispatcher(
      DispatchProperties properties,
      ProcessClock clock,
      ShardQueue queue,
      ControlBoard control,
      Housekeeping housekeeping,
      Attempter attempter,
      LimitShares limitShares,
      LoopLag loopLag,
      CircuitBreakerRegistry breakers,
      ObjectProvider<DispatchObserver> observers) {
    DispatchObserver observer = observers.getIfAvailable(() -> DispatchObserver.NONE);
    ScheduledThreadPoolExecutor ticker = scheduler("sluice-tick");
    ScheduledThreadPoolExecutor keeper = scheduler("sluice-keep");
    OutcomeWriter writer = new OutcomeWriter(queue, properties, clock, observer);
    IntentWriter intents = new IntentWriter(queue, clock);
    Admission admission =
        new Admission(properties.globalConcurrency(), writer::hasRoom, queue::holdsLeases);
    PayloadMemory memory =
        new PayloadMemory((long) (Runtime.getRuntime().maxMemory() * properties.payloadShare()));
    ProcessLoad load = new ProcessLoad(() -> lag(loopLag, observer));
    Shares shares = limitShares.areWhole() ? Shares.whole() : Shares.of(clock);
    // Lanes tell the feeder of room, and the feeder fills lanes: one of the two comes first.
    AtomicReference<Runnable> work = new AtomicReference<>(() -> {});
    LaneContext context =
        new LaneContext(
            properties,
            clock,
            (nanoTime, task) -> wakeAt(ticker, task, nanoTime - clock.nanoTime()),
            admission,
            new Settler(clock, writer, observer),
            memory,
            breakers,
            observer,
            load,
            RatePacer.of("global", properties.globalRate()),
            shares,
            new IntentWindows(intents, properties.intentWindow(), properties.globalConcurrency()),
            new Isolation(admission, intents),
            () -> work.get().run());
    Lanes lanes = new Lanes(context, attempter, control, new Random());
    ShardFeeder feeder = new ShardFeeder(queue, lanes, memory, writer, clock, observer);
    work.set(feeder::signal);
    Housekeeper housekeeper =
        new Housekeeper(
            housekeeping,
            control,
            lanes,
            load::sample,
            properties,
            clock,
            observer,
            limitShares.areWhole());
    ShareBeat beat = beat(shares, limitShares, lanes, clock, observer);
    return new Dispatcher(
        properties,
        clock,
        lanes,
        admission,
        feeder,
        writer,
        intents,
        housekeeper,
        observer,
        new Dispatcher.Executors(ticker, keeper, beat));
  }

  private static long lag(LoopLag loops, DispatchObserver observer) {
    long nanos = loops.sample();
    observer.loopsSampled(nanos);
    return nanos;
  }

  private static @Nullable ShareBeat beat(
      Shares shares,
      LimitShares store,
      Lanes lanes,
      ProcessClock clock,
      DispatchObserver observer) {
    ShareTerm term = shares.term();
    if (term == null) {
      return null;
    }
    ShareKeeper keeper = new ShareKeeper(store, lanes::sharedLimits, term, clock, observer);
    ShareBeat beat = new ShareBeat(keeper, scheduler("sluice-share"), clock);
    shares.onAsked(beat::ask);
    return beat;
  }

  private static void wakeAt(ScheduledExecutorService ticker, Runnable task, long inNanos) {
    try {
      var _ = ticker.schedule(task, inNanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // Stopped: nothing is sent any more, so nothing needs waking.
    }
  }

  private static ScheduledThreadPoolExecutor scheduler(String name) {
    ThreadFactory threads = Thread.ofPlatform().name(name).daemon(true).factory();
    ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1, threads);
    scheduler.setRemoveOnCancelPolicy(true);
    scheduler.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return scheduler;
  }
}
