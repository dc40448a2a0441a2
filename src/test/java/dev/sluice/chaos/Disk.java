package dev.sluice.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/**
 * A disk that can lose its power: an ext4 image on a loop mount. What the file system has not been
 * told to write out is in this machine's memory and not in the image, so a copy of the image is
 * what a disk would hold after a power cut at that moment.
 */
final class Disk implements AutoCloseable {

  private static final long BYTES = 160L << 20;

  private static final Set<Path> MOUNTS = ConcurrentHashMap.newKeySet();

  static {
    // A laboratory that is broken off leaves no mount behind; its Sluice may still use it.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> MOUNTS.forEach(path -> Signals.run("umount", "-l", path))));
  }

  private final Path directory;
  private final Path mount;
  private int images;
  private Path image;
  private boolean kept;

  private Disk(Path directory, Path mount) {
    this.directory = directory;
    this.mount = mount;
    this.image = directory.resolve("disk-0.img");
  }

  /**
   * Makes a disk and mounts it.
   *
   * @param mount becomes the mount point
   */
  static Disk mounted(Path directory, Path mount) throws IOException {
    Disk disk = new Disk(directory, mount);
    Files.createDirectories(mount);
    try (var file = new java.io.RandomAccessFile(disk.image.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    var _ = Signals.run("mkfs.ext4", "-q", "-F", disk.image);
    disk.mount();
    return disk;
  }

  /** Tells why there can be no such disk here; null when there can. */
  static @Nullable String missing(Path directory) {
    try {
      Path trial = Files.createTempDirectory(directory, "trial");
      try (Disk _ = mounted(trial, trial.resolve("mount"))) {
        return null;
      } finally {
        FileSystemUtils.deleteRecursively(trial);
      }
    } catch (IOException | UncheckedIOException failure) {
      return "power loss needs loop mounts of ext4, which are not allowed here: "
          + failure.getMessage();
    }
  }

  private void mount() {
    var _ = Signals.run("mount", "-o", "loop", image, mount);
    MOUNTS.add(mount);
  }

  /** Takes a copy of what is on the disk now. */
  Path copy() {
    Path copy = directory.resolve("disk-" + ++images + ".img");
    var _ = Signals.run("cp", "--sparse=always", image, copy);
    return copy;
  }

  /** Goes on with a copy as the disk; nobody uses the mount. */
  void swap(Path copy) throws IOException {
    unmount();
    Files.delete(image);
    image = copy;
    mount();
  }

  /** Leaves the image to be looked at. */
  void keep() {
    kept = true;
  }

  private void unmount() {
    var _ = Signals.run("umount", mount);
    MOUNTS.remove(mount);
  }

  @Override
  public void close() throws IOException {
    if (Signals.isMounted(mount)) {
      unmount();
    }
    if (!kept) {
      Files.deleteIfExists(image);
    }
  }
}
