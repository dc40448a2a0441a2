package dev.sluice.api;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the query parameters that a handler takes beyond its {@code @RequestParam}s; all others
 * answer 400 {@code unknown_parameter}.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface TakesQuery {

  /** Names; {@code metadata.*} stands for every name that begins so, {@code *} for all. */
  String[] value() default {};

  /** Names that are designed but not built: 422 {@code not_supported}. */
  String[] notBuilt() default {};
}
