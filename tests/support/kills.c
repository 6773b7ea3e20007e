/* Kills the process at the n-th operation on files below a folder.

   Preloaded (LD_PRELOAD), so that files which TensorFlow writes from C++ count as well. Operations
   are those that change the disk: opening a file to write, writing, flushing, renaming, deleting,
   making folders. `kills_arm` says below which folder, at which operation, and whether half of what
   an operation writes is written before; `kills_count` gives the operations since. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 65536

static char folder[PATH_MAX];
static long target = -1, count;
static int half;
static char watched[FILES];

void kills_arm(const char *below, long n, int half_written) {
  strncpy(folder, below, sizeof folder - 1);
  target = n, count = 0, half = half_written;
}

long kills_count(void) { return count; }

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

static int inside(int at, const char *path) {
  char full[PATH_MAX * 2], base[PATH_MAX], link[64];
  if (!folder[0] || !path) return 0;
  if (path[0] != '/') {
    ssize_t length;
    if (at == AT_FDCWD)
      length = getcwd(base, sizeof base) ? (ssize_t)strlen(base) : -1;
    else {
      snprintf(link, sizeof link, "/proc/self/fd/%d", at);
      length = readlink(link, base, sizeof base - 1);
    }
    if (length < 0) return 0;
    base[length] = 0;
    snprintf(full, sizeof full, "%s/%s", base, path);
    path = full;
  }
  return strncmp(path, folder, strlen(folder)) == 0;
}

/* Counts an operation; whether it is the one to die at. */
static int due(void) { return target >= 0 && __sync_add_and_fetch(&count, 1) == target; }

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void operation(int counts) {
  if (counts && due()) die();
}

static int is_watched(int fd) { return fd >= 0 && fd < FILES && watched[fd]; }

static int opened(int fd, int counts) {
  if (fd >= 0 && fd < FILES) watched[fd] = counts;
  return fd;
}

#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY)

#define OPEN(name)                                                     \
  int name(const char *path, int flags, ...) {                         \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                      \
    int counts = WRITES(flags) && inside(AT_FDCWD, path);              \
    operation(counts);                                                 \
    return opened(((int (*)(const char *, int, ...))next(#name))(path, flags, mode), counts); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                   \
  int name(int at, const char *path, int flags, ...) {                 \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                      \
    int counts = WRITES(flags) && inside(at, path);                    \
    operation(counts);                                                 \
    return opened(((int (*)(int, const char *, int, ...))next(#name))(at, path, flags, mode), counts); \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                    \
  FILE *name(const char *path, const char *mode) {                     \
    int counts = strpbrk(mode, "wa+") && inside(AT_FDCWD, path);       \
    operation(counts);                                                 \
    FILE *file = ((FILE * (*)(const char *, const char *)) next(#name))(path, mode); \
    if (file) opened(fileno(file), counts);                            \
    return file;                                                       \
  }
FOPEN(fopen)
FOPEN(fopen64)

ssize_t write(int fd, const void *data, size_t size) {
  ssize_t (*real)(int, const void *, size_t) = next("write");
  if (is_watched(fd) && due()) {
    if (half) real(fd, data, size / 2);
    die();
  }
  return real(fd, data, size);
}

#define PWRITE(name, offset_type)                                      \
  ssize_t name(int fd, const void *data, size_t size, offset_type offset) { \
    ssize_t (*real)(int, const void *, size_t, offset_type) = next(#name); \
    if (is_watched(fd) && due()) {                                     \
      if (half) real(fd, data, size / 2, offset);                      \
      die();                                                           \
    }                                                                  \
    return real(fd, data, size, offset);                               \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int number) {
  ssize_t (*real)(int, const struct iovec *, int) = next("writev");
  operation(is_watched(fd));
  return real(fd, parts, number);
}

size_t fwrite(const void *data, size_t size, size_t number, FILE *file) {
  size_t (*real)(const void *, size_t, size_t, FILE *) = next("fwrite");
  if (is_watched(fileno(file)) && due()) {
    if (half) real(data, 1, size * number / 2, file), fflush(file);
    die();
  }
  return real(data, size, number, file);
}

int fflush(FILE *file) {
  int (*real)(FILE *) = next("fflush");
  operation(file && is_watched(fileno(file)));
  return real(file);
}

int fclose(FILE *file) {
  int (*real)(FILE *) = next("fclose");
  int fd = fileno(file);
  operation(is_watched(fd));
  if (fd >= 0 && fd < FILES) watched[fd] = 0;
  return real(file);
}

int close(int fd) {
  int (*real)(int) = next("close");
  if (fd >= 0 && fd < FILES) watched[fd] = 0;
  return real(fd);
}

int fsync(int fd) {
  int (*real)(int) = next("fsync");
  operation(is_watched(fd));
  return real(fd);
}

#define ONE_PATH(name)                                                 \
  int name(const char *path) {                                         \
    operation(inside(AT_FDCWD, path));                                 \
    return ((int (*)(const char *))next(#name))(path);                 \
  }
ONE_PATH(unlink)
ONE_PATH(rmdir)

int unlinkat(int at, const char *path, int flags) {
  operation(inside(at, path));
  return ((int (*)(int, const char *, int))next("unlinkat"))(at, path, flags);
}

int mkdir(const char *path, mode_t mode) {
  operation(inside(AT_FDCWD, path));
  return ((int (*)(const char *, mode_t))next("mkdir"))(path, mode);
}

int rename(const char *from, const char *to) {
  operation(inside(AT_FDCWD, from));
  return ((int (*)(const char *, const char *))next("rename"))(from, to);
}

int truncate(const char *path, off_t length) {
  operation(inside(AT_FDCWD, path));
  return ((int (*)(const char *, off_t))next("truncate"))(path, length);
}

int ftruncate64(int fd, off64_t length) {
  operation(is_watched(fd));
  return ((int (*)(int, off64_t))next("ftruncate64"))(fd, length);
}
