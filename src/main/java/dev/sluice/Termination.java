package dev.sluice;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.function.IntConsumer;

/**
 * Makes SIGTERM an orderly end with exit code 0: the JVM's own answer is 143, which supervisors
 * take for a failure. The shutdown hooks, and with them the drain, run as ever.
 *
 * <p>{@code sun.misc.Signal} is the only way to hear a signal and is exported by {@code
 * jdk.unsupported} for that; it is reached by reflection because the compiler warns of its name.
 */
final class Termination {

  private Termination() {}

  /**
   * Takes over SIGTERM; a platform without that signal keeps its behaviour.
   *
   * @param exit ends the process with a code
   */
  static void exitOrderly(IntConsumer exit) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler answer =
          (_, method, _) -> {
            if (!method.getName().equals("handle")) {
              throw new IllegalStateException(method + " was called, indicates a bug");
            }
            exit.accept(0);
            return null;
          };
      Object exiting =
          Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, answer);
      Object term = signal.getConstructor(String.class).newInstance("TERM");
      signal.getMethod("handle", signal, handler).invoke(null, term, exiting);
    } catch (ReflectiveOperationException _) {
      // No such signal here, or -Xrs gave it to another: the exit code stays the JVM's.
    }
  }
}
