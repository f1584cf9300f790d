/*
 * What stands between a server and its machine in the process tests: loaded by LD_PRELOAD, it makes
 * syncs slow, lets syncs or writes of the data directory fail, moves the wall clock, and keeps an
 * undo log of everything the machine may still forget, so that the test can cut the power of a
 * process that was killed (a kill alone loses nothing: the kernel holds what was written).
 *
 * INTERPOSE_DIR      the data directory; other files, sockets and pipes are left alone
 * INTERPOSE_CONTROL  a file of one struct control, mapped: the test changes it at any time
 * INTERPOSE_UNDO     the undo log, read by UndoLog.java
 *
 * Undo log: before a write, a record with the bytes that it replaces; after a sync that succeeded, a
 * record that says up to which write of that file. Emptied when nothing is left to forget.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control {
  int64_t clock_offset_ms;
  int32_t sync_delay_ms;
  int32_t syncs_fail;
  int32_t writes_fail;
  int32_t unused;
  /* By us: */
  int64_t syncs; /* how many there were */
  int64_t delayed; /* syncs that have begun to wait */
  int64_t failed; /* syncs and writes that were refused */
  int64_t wrong; /* readings of the wall clock that were moved */
};

struct record {
  uint32_t magic;
  uint32_t kind; /* 1: write, 2: sync */
  uint64_t sequence; /* of the write; of the last write that the sync covers */
  uint64_t inode;
  int64_t offset;
  int64_t size; /* of the file before the write */
  uint32_t length;
  uint32_t old; /* bytes replaced, fewer than length at the end of a file */
  uint32_t path;
  uint32_t unused;
}; /* followed by the path and the old bytes */

#define MAGIC 0x4f444e55u
#define FILES 256

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

static volatile struct control *control;
static char directory[PATH_MAX];
static size_t directory_length;
static int undo = -1;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t sequence; /* greater than any of a former process */
/* A killed one has left records: what it had not synced can still be lost, so they must stay. */
static int inherited;
/* Files that were written since their last sync: which, and the last write. Full: never emptied. */
static struct { uint64_t inode, written; } unsynced[FILES];
static int unsynced_count;

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  const char *dir = getenv("INTERPOSE_DIR");
  const char *page = getenv("INTERPOSE_CONTROL");
  const char *log = getenv("INTERPOSE_UNDO");
  if (dir == NULL || page == NULL || log == NULL) {
    return;
  }
  directory_length = strlen(dir);
  memcpy(directory, dir, directory_length + 1);
  undo = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int fd = open(page, O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = mapped == MAP_FAILED ? NULL : mapped;
    close(fd);
  }
  struct stat before;
  struct timespec now;
  if (undo >= 0 && fstat(undo, &before) == 0 && real_clock_gettime(CLOCK_REALTIME, &now) == 0) {
    inherited = before.st_size > 0;
    sequence = now.tv_sec * 1000000000UL + now.tv_nsec;
  }
  if (undo < 0 || control == NULL) {
    fprintf(stderr, "interpose: cannot open %s or %s\n", page, log);
    _exit(70);
  }
}

/* Whether the descriptor is a regular file of the data directory; then with its path. */
static int is_data(int fd, struct stat *status, char *path, ssize_t *length) {
  if (control == NULL || fstat(fd, status) != 0 || !S_ISREG(status->st_mode)) {
    return 0;
  }
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  *length = readlink(link, path, PATH_MAX);
  return *length > (ssize_t) directory_length && path[directory_length] == '/'
      && memcmp(path, directory, directory_length) == 0;
}

static void append(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t n = real_write(undo, at, length);
    if (n <= 0) {
      fprintf(stderr, "interpose: cannot write the undo log: %s\n", strerror(errno));
      _exit(70);
    }
    at += n;
    length -= n;
  }
}

static void note_unsynced(uint64_t inode) {
  for (int i = 0; i < unsynced_count; i++) {
    if (unsynced[i].inode == inode) {
      unsynced[i].written = sequence;
      return;
    }
  }
  if (unsynced_count < FILES) {
    unsynced[unsynced_count].inode = inode;
    unsynced[unsynced_count++].written = sequence;
  }
}

/* With the mutex. */
static void remember(int fd, const struct stat *status, const char *path, ssize_t path_length,
    off64_t offset, size_t length) {
  static char old[1 << 20];
  /* Piecewise: a record holds at most a megabyte of old bytes. */
  while (length > 0) {
    size_t piece = length < sizeof old ? length : sizeof old;
    ssize_t held = offset < status->st_size ? pread64(fd, old, piece, offset) : 0;
    struct record r = {.magic = MAGIC, .kind = 1, .sequence = ++sequence,
        .inode = status->st_ino, .offset = offset, .size = status->st_size,
        .length = (uint32_t) piece, .old = held > 0 ? (uint32_t) held : 0,
        .path = (uint32_t) path_length};
    append(&r, sizeof r);
    append(path, path_length);
    append(old, r.old);
    note_unsynced(status->st_ino);
    offset += piece;
    length -= piece;
  }
}

static void count(volatile int64_t *counter) {
  __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* Null if the write may go on, with the mutex held if it is one of data. */
static int before_write(int fd, off64_t offset, size_t length, int *locked) {
  struct stat status;
  char path[PATH_MAX];
  ssize_t path_length;
  *locked = 0;
  int before = errno;
  if (!is_data(fd, &status, path, &path_length)) {
    errno = before;
    return 0;
  }
  if (control->writes_fail) {
    count(&control->failed);
    errno = EIO;
    return -1;
  }
  pthread_mutex_lock(&mutex);
  *locked = 1;
  fstat(fd, &status);
  if (offset < 0) {
    offset = fcntl(fd, F_GETFL) & O_APPEND ? status.st_size : lseek64(fd, 0, SEEK_CUR);
  }
  remember(fd, &status, path, path_length, offset, length);
  errno = before;
  return 0;
}

static void after_write(int locked) {
  if (locked) {
    pthread_mutex_unlock(&mutex);
  }
}

ssize_t write(int fd, const void *bytes, size_t length) {
  int locked;
  if (before_write(fd, -1, length, &locked) != 0) {
    return -1;
  }
  ssize_t n = real_write(fd, bytes, length);
  after_write(locked);
  return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  int locked;
  if (before_write(fd, offset, length, &locked) != 0) {
    return -1;
  }
  ssize_t n = real_pwrite(fd, bytes, length, offset);
  after_write(locked);
  return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  int locked;
  size_t length = 0;
  for (int i = 0; i < count; i++) {
    length += parts[i].iov_len;
  }
  if (before_write(fd, -1, length, &locked) != 0) {
    return -1;
  }
  ssize_t n = real_writev(fd, parts, count);
  after_write(locked);
  return n;
}

static void note_synced(uint64_t inode, uint64_t upto) {
  struct record r = {.magic = MAGIC, .kind = 2, .sequence = upto, .inode = inode};
  pthread_mutex_lock(&mutex);
  append(&r, sizeof r);
  int full = unsynced_count == FILES;
  for (int i = 0; i < unsynced_count; i++) {
    if (unsynced[i].inode == inode && unsynced[i].written <= upto) {
      unsynced[i] = unsynced[--unsynced_count];
      break;
    }
  }
  if (unsynced_count == 0 && !full && !inherited && ftruncate(undo, 0) != 0) {
    _exit(70);
  }
  pthread_mutex_unlock(&mutex);
}

static int sync_with(int (*real)(int), int fd) {
  struct stat status;
  char path[PATH_MAX];
  ssize_t path_length;
  if (!is_data(fd, &status, path, &path_length)) {
    return real(fd);
  }
  count(&control->syncs);
  int delay = control->sync_delay_ms;
  if (delay > 0) {
    count(&control->delayed);
    struct timespec time = {delay / 1000, delay % 1000 * 1000000L};
    nanosleep(&time, NULL);
  }
  if (control->syncs_fail) {
    count(&control->failed);
    errno = EIO;
    return -1;
  }
  pthread_mutex_lock(&mutex);
  uint64_t upto = sequence;
  pthread_mutex_unlock(&mutex);
  int result = real(fd);
  if (result == 0) {
    note_synced(status.st_ino, upto);
  }
  return result;
}

int fsync(int fd) {
  return sync_with(real_fsync, fd);
}

int fdatasync(int fd) {
  return sync_with(real_fdatasync, fd);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (real_clock_gettime == NULL) {
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  }
  int result = real_clock_gettime(clock, time);
  if (result == 0 && control != NULL
      && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t offset = control->clock_offset_ms;
    if (offset == 0) {
      return result;
    }
    count(&control->wrong);
    time->tv_sec += offset / 1000;
    time->tv_nsec += offset % 1000 * 1000000L;
    if (time->tv_nsec < 0) {
      time->tv_nsec += 1000000000L;
      time->tv_sec--;
    } else if (time->tv_nsec >= 1000000000L) {
      time->tv_nsec -= 1000000000L;
      time->tv_sec++;
    }
  }
  return result;
}
