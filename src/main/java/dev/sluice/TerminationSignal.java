package dev.sluice;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets SIGTERM end the process with 0 once it has drained, where the JVM would say 143: an ordered
 * stop is a success. A second SIGTERM means now: the process ends at once with 143, as if killed,
 * and a restart continues where the store stands.
 *
 * <p>By reflection, since the JDK has signals only in {@code jdk.unsupported}.
 */
final class TerminationSignal {

  private static final int TERMINATED = 128 + 15;

  private TerminationSignal() {}

  /** Takes SIGTERM over for this process; without that module the JVM's own way stays. */
  static void install() {
    AtomicBoolean first = new AtomicBoolean(true);
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object handling =
          Proxy.newProxyInstance(
              TerminationSignal.class.getClassLoader(),
              new Class<?>[] {handler},
              (_, method, _) -> {
                if (method.getName().equals("handle")) {
                  end(first.getAndSet(false));
                }
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("TERM"), handling);
    } catch (ReflectiveOperationException e) {
      Logger log = LoggerFactory.getLogger(TerminationSignal.class);
      log.atWarn().setCause(e).log("SIGTERM will end the process with 143 instead of 0.");
    }
  }

  private static void end(boolean first) {
    if (first) {
      // Runs the shutdown hooks, Spring's among them: drain, flush, close.
      System.exit(0);
    }
    Runtime.getRuntime().halt(TERMINATED);
  }
}
