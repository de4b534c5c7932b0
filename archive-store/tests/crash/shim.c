/* Stands between a process and its disk: records what is written and flushed, in order and together
   with what the process says on its standard output, or makes one call fail. Built and preloaded by
   the test; only files of the catalogue in SHIM_DIR are touched.

   SHIM_LOG   where to record; each record is a header and, for writes and sayings, the bytes.
   SHIM_FAIL  the number of the call that fails, from 1; all later ones too with SHIM_STICKY.
   SHIM_ERRNO the error with which it does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { FDS = 4096 };
enum { NONE, DATABASE, LOG, JOURNAL, DIRECTORY };

struct header {
    uint8_t kind, file, pad[2];
    uint32_t length;
    uint64_t offset;
};

static unsigned char files[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1, fail_errno, sticky;
static long fail_at, calls;
static const char *directory;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open");
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    directory = getenv("SHIM_DIR");
    const char *log = getenv("SHIM_LOG"), *fail = getenv("SHIM_FAIL"), *error = getenv("SHIM_ERRNO");
    if (log) {
        int fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        log_fd = fcntl(fd, F_DUPFD, 1000);
        real_close(fd);
    }
    fail_at = fail ? atol(fail) : 0;
    fail_errno = error ? atoi(error) : EIO;
    sticky = getenv("SHIM_STICKY") != NULL;
}

static int file_of_path(const char *path) {
    size_t n = strlen(path), d = directory ? strlen(directory) : 0;
    if (!d || strncmp(path, directory, d) != 0) return NONE;
    if (path[d] == 0 || strcmp(path + d, "/") == 0) return DIRECTORY;
    if (n > 3 && strcmp(path + n - 3, ".db") == 0) return DATABASE;
    if (n > 4 && strcmp(path + n - 4, "-wal") == 0) return LOG;
    if (n > 8 && strcmp(path + n - 8, "-journal") == 0) return JOURNAL;
    return NONE;
}

static int file_of(int fd) { return fd >= 0 && fd < FDS ? files[fd] : NONE; }

static void record(char kind, int file, uint64_t offset, const void *bytes, size_t length) {
    if (log_fd < 0) return;
    int saved = errno;
    struct header header = {(uint8_t)kind, (uint8_t)file, {0, 0}, (uint32_t)length, offset};
    pthread_mutex_lock(&lock);
    real_write(log_fd, &header, sizeof header);
    if (bytes && length) real_write(log_fd, bytes, length);
    pthread_mutex_unlock(&lock);
    errno = saved;
}

static int fails(int file) {
    if (!fail_at || file == NONE || file == DIRECTORY) return 0;
    long call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    if (call == fail_at || (sticky && call > fail_at)) {
        errno = fail_errno;
        return 1;
    }
    return 0;
}

static int open_any(const char *path, int flags, mode_t mode) {
    int file = file_of_path(path);
    int existed = file != NONE && access(path, F_OK) == 0;
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        files[fd] = (unsigned char)file;
        if (file != NONE && file != DIRECTORY && !existed) record('O', file, 0, NULL, 0);
    }
    return fd;
}

#define MODE(flags)                          \
    mode_t mode = 0;                         \
    if ((flags) & (O_CREAT | O_TMPFILE)) {   \
        va_list rest;                        \
        va_start(rest, flags);               \
        mode = va_arg(rest, mode_t);         \
        va_end(rest);                        \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_any(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_any(path, flags | O_LARGEFILE, mode); }

int close(int fd) {
    if (fd >= 0 && fd < FDS) files[fd] = NONE;
    return real_close(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (fd == 1) record('A', NONE, 0, bytes, length);
    int file = file_of(fd);
    if (fails(file)) return -1;
    off_t at = file == NONE ? 0 : lseek(fd, 0, SEEK_CUR);
    ssize_t done = real_write(fd, bytes, length);
    if (file != NONE && done > 0) record('W', file, (uint64_t)at, bytes, (size_t)done);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    int file = file_of(fd);
    if (fails(file)) return -1;
    ssize_t done = real_pwrite(fd, bytes, length, offset);
    if (file != NONE && done > 0) record('W', file, (uint64_t)offset, bytes, (size_t)done);
    return done;
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return pwrite(fd, bytes, length, offset); }

int ftruncate(int fd, off_t length) {
    int file = file_of(fd);
    if (fails(file)) return -1;
    int result = real_ftruncate(fd, length);
    if (file != NONE && result == 0) record('T', file, (uint64_t)length, NULL, 0);
    return result;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int sync_any(int fd, int (*real)(int)) {
    int file = file_of(fd);
    if (fails(file)) return -1;
    int result = real(fd);
    if (file != NONE && result == 0) record('S', file, 0, NULL, 0);
    return result;
}
int fsync(int fd) { return sync_any(fd, real_fsync); }
int fdatasync(int fd) { return sync_any(fd, real_fdatasync); }

int unlink(const char *path) {
    int file = file_of_path(path);
    int result = real_unlink(path);
    if (file != NONE && result == 0) record('U', file, 0, NULL, 0);
    return result;
}
