package dev.sluice.store;

import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * LZ4 by the native library, or by Java where that cannot be loaded. It is loaded with the first
 * shard that is large enough; any thread may use it.
 */
final class Lz4 {

  private static final Logger log = LoggerFactory.getLogger(Lz4.class);

  /** Which of the two it is. */
  static final LZ4Factory FACTORY = load();

  static final LZ4Compressor COMPRESSOR = FACTORY.fastCompressor();
  static final LZ4SafeDecompressor DECOMPRESSOR = FACTORY.safeDecompressor();

  private Lz4() {}

  /**
   * Loads the library from {@code java.library.path}, or unpacks it to {@code java.io.tmpdir}. What
   * a killed process leaves there is deleted by the next that is loaded an hour later.
   */
  private static LZ4Factory load() {
    try {
      return LZ4Factory.nativeInstance();
    } catch (LinkageError | AssertionError | RuntimeException failure) {
      // The library wraps what it cannot do in an AssertionError.
      log.atInfo()
          .setCause(failure)
          .log("Payloads are compressed by Java: the native library cannot be loaded.");
      return LZ4Factory.safeInstance();
    }
  }
}
