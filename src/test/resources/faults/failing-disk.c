/*
 * Preloaded into a process: while a file says "<call> <path>", that call fails with EIO on that path.
 * FAILING_DISK names the file. Calls: fsync (fdatasync too), pwrite (write too).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(const char *call, int fd) {
  const char *order = getenv("FAILING_DISK");
  char wanted[PATH_MAX + 16], is[PATH_MAX + 16], link[64], path[PATH_MAX];
  if (order == NULL || access(order, R_OK) != 0) return 0;
  int in = open(order, O_RDONLY | O_CLOEXEC);
  if (in < 0) return 0;
  ssize_t length = read(in, wanted, sizeof wanted - 1);
  close(in);
  if (length <= 0) return 0;
  wanted[length] = 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t end = readlink(link, path, sizeof path - 1);
  if (end <= 0) return 0;
  path[end] = 0;
  snprintf(is, sizeof is, "%s %s", call, path);
  return strcmp(wanted, is) == 0;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

int fsync(int fd) {
  REAL(fsync);
  if (fails("fsync", fd)) { errno = EIO; return -1; }
  return real(fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  if (fails("fsync", fd)) { errno = EIO; return -1; }
  return real(fd);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at) {
  REAL(pwrite);
  if (fails("pwrite", fd)) { errno = EIO; return -1; }
  return real(fd, from, count, at);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at) {
  REAL(pwrite64);
  if (fails("pwrite", fd)) { errno = EIO; return -1; }
  return real(fd, from, count, at);
}

ssize_t write(int fd, const void *from, size_t count) {
  REAL(write);
  if (fails("pwrite", fd)) { errno = EIO; return -1; }
  return real(fd, from, count);
}
