package dev.sluice.bench;

import java.util.List;

/** The JVM options that the image starts Sluice with; every JVM that is compared gets them. */
final class JvmOptions {

  static final List<String> RECOMMENDED =
      List.of("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders");

  private JvmOptions() {}
}
