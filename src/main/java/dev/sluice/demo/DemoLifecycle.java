package dev.sluice.demo;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Runs the demo on a thread of its own once Sluice is ready, and ends the process afterwards when
 * that is wanted. It stops before everything else, so that a Ctrl-C in mid-run stays quiet.
 */
final class DemoLifecycle implements SmartLifecycle, ApplicationListener<ApplicationReadyEvent> {

  private final DemoProperties properties;
  private final DemoRun run;
  private volatile boolean running;

  DemoLifecycle(DemoProperties properties, DemoRun run) {
    this.properties = properties;
    this.run = run;
  }

  @Override
  public void onApplicationEvent(ApplicationReadyEvent event) {
    ConfigurableApplicationContext context = event.getApplicationContext();
    Thread.ofPlatform().name("demo").daemon().start(() -> demonstrate(context));
  }

  private void demonstrate(ConfigurableApplicationContext context) {
    int code = run.run(root(context));
    if (properties.exit() && running) {
      System.exit(SpringApplication.exit(context, () -> code));
    }
  }

  private static URI root(ConfigurableApplicationContext context) {
    @Nullable String port = context.getEnvironment().getProperty("local.server.port");
    return URI.create("http://127.0.0.1:" + (port == null ? "8080" : port));
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    run.stop();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return Integer.MAX_VALUE;
  }
}
