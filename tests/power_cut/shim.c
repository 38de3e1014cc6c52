/* Records what a program does to files under $EDGEVERIFY_SHIM_FOLDER into $EDGEVERIFY_SHIM_LOG, in
 * order, and makes it fail while $EDGEVERIFY_SHIM_FAULT exists: a first letter W there fails writes
 * with EIO, S fsync with EIO, F writes with ENOSPC. Loaded by LD_PRELOAD; built by the test.
 *
 * A record: one byte of operation, then 32 bits path length, 64 bits offset, 64 bits data length
 * (little-endian on every machine that runs this), the path, the data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int log_fd = -1;
static const char *folder, *fault;
static size_t folder_length;

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("EDGEVERIFY_SHIM_LOG");
    folder = getenv("EDGEVERIFY_SHIM_FOLDER");
    fault = getenv("EDGEVERIFY_SHIM_FAULT");
    folder_length = folder ? strlen(folder) : 0;
    if (log)
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched(const char *path) { return folder && strncmp(path, folder, folder_length) == 0; }

static int path_of(int fd, char *out)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, out, PATH_MAX - 1);
    if (length < 0)
        return 0;
    out[length] = 0;
    return watched(out);
}

static void record(char op, const char *path, uint64_t offset, const void *data, uint64_t length)
{
    unsigned char head[21];
    uint32_t path_length = (uint32_t)strlen(path);
    struct iovec parts[3];
    if (log_fd < 0)
        return;
    head[0] = (unsigned char)op;
    memcpy(head + 1, &path_length, 4);
    memcpy(head + 5, &offset, 8);
    memcpy(head + 13, &length, 8);
    parts[0].iov_base = head, parts[0].iov_len = sizeof head;
    parts[1].iov_base = (void *)path, parts[1].iov_len = path_length;
    parts[2].iov_base = (void *)data, parts[2].iov_len = data ? length : 0;
    syscall(SYS_writev, log_fd, parts, 3);
}

static int faulty(char kind)
{
    char first = 0;
    int fd;
    if (!fault || (fd = (int)syscall(SYS_openat, AT_FDCWD, fault, O_RDONLY | O_CLOEXEC)) < 0)
        return 0;
    syscall(SYS_read, fd, &first, 1);
    syscall(SYS_close, fd);
    if (kind == 'W' && first == 'W')
        errno = EIO;
    else if (kind == 'W' && first == 'F')
        errno = ENOSPC;
    else if (kind == 'S' && first == 'S')
        errno = EIO;
    else
        return 0;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void created(int existed, int fd)
{
    char path[PATH_MAX];
    int kept = errno;
    if (!existed && fd >= 0 && path_of(fd, path))
        record('C', path, 0, NULL, 0);
    errno = kept;
}

#define OPENS(name)                                                                        \
    int name(const char *path, int flags, ...)                                             \
    {                                                                                      \
        va_list more;                                                                      \
        va_start(more, flags);                                                             \
        mode_t mode = (flags & O_CREAT) ? (mode_t)va_arg(more, int) : 0;                   \
        va_end(more);                                                                      \
        int existed = !(flags & O_CREAT) || syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0; \
        int fd = REAL(name)(path, flags, mode);                                            \
        created(existed, fd);                                                              \
        return fd;                                                                         \
    }
OPENS(open)
OPENS(open64)

#define OPENATS(name)                                                                      \
    int name(int at, const char *path, int flags, ...)                                     \
    {                                                                                      \
        va_list more;                                                                      \
        va_start(more, flags);                                                             \
        mode_t mode = (flags & O_CREAT) ? (mode_t)va_arg(more, int) : 0;                   \
        va_end(more);                                                                      \
        int existed = !(flags & O_CREAT) || syscall(SYS_faccessat, at, path, F_OK) == 0;   \
        int fd = REAL(name)(at, path, flags, mode);                                        \
        created(existed, fd);                                                              \
        return fd;                                                                         \
    }
OPENATS(openat)
OPENATS(openat64)

static void wrote(int fd, const void *data, ssize_t count, off64_t offset)
{
    char path[PATH_MAX];
    int kept = errno;
    if (count > 0 && path_of(fd, path))
        record('W', path, (uint64_t)offset, data, (uint64_t)count);
    errno = kept;
}

static int refuses(int fd, char kind)
{
    char path[PATH_MAX];
    return fault && path_of(fd, path) && faulty(kind);
}

ssize_t write(int fd, const void *data, size_t count)
{
    if (refuses(fd, 'W'))
        return -1;
    off64_t offset = lseek64(fd, 0, SEEK_CUR);
    ssize_t done = REAL(write)(fd, data, count);
    wrote(fd, data, done, offset);
    return done;
}

#define PWRITES(name, type)                                               \
    ssize_t name(int fd, const void *data, size_t count, type offset)     \
    {                                                                     \
        if (refuses(fd, 'W'))                                             \
            return -1;                                                    \
        ssize_t done = REAL(name)(fd, data, count, offset);               \
        wrote(fd, data, done, offset);                                    \
        return done;                                                      \
    }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)

#define SYNCS(name)                                       \
    int name(int fd)                                      \
    {                                                     \
        char path[PATH_MAX];                              \
        if (refuses(fd, 'S'))                             \
            return -1;                                    \
        int done = REAL(name)(fd);                        \
        if (done == 0 && path_of(fd, path))               \
            record('S', path, 0, NULL, 0);                \
        return done;                                      \
    }
SYNCS(fsync)
SYNCS(fdatasync)

#define TRUNCATES(name, type)                             \
    int name(int fd, type length)                         \
    {                                                     \
        char path[PATH_MAX];                              \
        if (refuses(fd, 'W'))                             \
            return -1;                                    \
        int done = REAL(name)(fd, length);                \
        if (done == 0 && path_of(fd, path))               \
            record('T', path, (uint64_t)length, NULL, 0); \
        return done;                                      \
    }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

int unlink(const char *path)
{
    int done = REAL(unlink)(path);
    if (done == 0 && watched(path))
        record('U', path, 0, NULL, 0);
    return done;
}

int rename(const char *from, const char *to)
{
    int done = REAL(rename)(from, to);
    if (done == 0 && watched(from))
        record('R', from, 0, to, strlen(to));
    return done;
}
