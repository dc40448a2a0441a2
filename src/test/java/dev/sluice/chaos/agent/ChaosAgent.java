package dev.sluice.chaos.agent;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites classes of the process under test while they are loaded. Its options, separated by
 * commas: {@code halt=<point>#<hit>} ends the process at the n-th pass of a point, {@code
 * break=<mutation>} breaks it, {@code poison=<text>} ends it when it is about to send an item of
 * whose request the text is part.
 */
public final class ChaosAgent {

  /** What a process that was ended by SIGKILL gives, too. */
  private static final int EXIT_CODE = 137;

  /** What is about to send an item. */
  public static final String ATTEMPTER = "dev.sluice.attempt.WebClientAttempter";

  private static final AtomicInteger HITS = new AtomicInteger();
  private static volatile int lastHit = Integer.MAX_VALUE;

  private static volatile @Nullable String poison;

  private ChaosAgent() {}

  /** Called by the JVM before the program's own {@code main}. */
  public static void premain(String options, Instrumentation instrumentation) {
    for (String option : options.split(",", -1)) {
      int equals = option.indexOf('=');
      String value = option.substring(equals + 1);
      switch (option.substring(0, equals)) {
        case "halt" -> {
          int hash = value.indexOf('#');
          lastHit = Integer.parseInt(value.substring(hash + 1));
          Place place = Points.named(value.substring(0, hash)).place();
          instrumentation.addTransformer(
              new Transformer(List.of(place.className()), rewriting -> rewriting.reach(place)));
        }
        case "break" -> breakAll(Mutations.named(value), instrumentation);
        case "poison" -> {
          poison = value;
          instrumentation.addTransformer(
              new Transformer(
                  List.of(ATTEMPTER), rewriting -> rewriting.show(ATTEMPTER, "attempt", 0)));
        }
        default -> throw new IllegalArgumentException("Unknown option " + option);
      }
    }
  }

  private static void breakAll(Mutation mutation, Instrumentation instrumentation) {
    for (Change change : mutation.changes()) {
      instrumentation.addTransformer(
          new Transformer(List.of(change.className()), rewriting -> rewriting.apply(change)));
    }
  }

  /** Called by the rewritten code at each pass of the point. */
  public static void reached() {
    if (HITS.incrementAndGet() == lastHit) {
      Runtime.getRuntime().halt(EXIT_CODE);
    }
  }

  /** Called by the rewritten code with what it was called with. */
  public static void shown(Object argument) {
    String text = poison;
    if (text != null && argument.toString().contains(text)) {
      Runtime.getRuntime().halt(EXIT_CODE);
    }
  }

  /** One edit. */
  @FunctionalInterface
  private interface Edit {
    Rewriting of(Rewriting rewriting);
  }

  private record Transformer(List<String> classNames, Edit edit) implements ClassFileTransformer {

    @Override
    public byte @Nullable [] transform(
        @Nullable ClassLoader loader,
        @Nullable String internalName,
        @Nullable Class<?> redefined,
        @Nullable ProtectionDomain domain,
        byte[] original) {
      if (internalName == null || !classNames.contains(internalName.replace('/', '.'))) {
        return null;
      }
      try {
        ClassLoader finder = loader == null ? ClassLoader.getSystemClassLoader() : loader;
        Rewriting rewriting = edit.of(new Rewriting(finder, original));
        if (rewriting.changeCount() == 0) {
          throw new IllegalStateException("Nothing to change in " + internalName);
        }
        return rewriting.bytes();
      } catch (RuntimeException | Error failure) {
        // The JVM would go on with the class as it was, and the run would prove nothing.
        System.err.println("The agent failed: " + failure);
        System.err.println(Arrays.toString(failure.getStackTrace()));
        Runtime.getRuntime().halt(99);
        return null;
      }
    }
  }
}
