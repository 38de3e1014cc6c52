/* Preloaded into a process and its children: writes down whom they look up, call and listen to.
 *
 * Each line of the file named by OUTGOING_TRAFFIC is "KIND NAME PORT": `lookup` of a host name,
 * `connect` and `send` to an address, `listen` at one of their own.
 * Families other than IPv4 and IPv6 stay on the machine and are left out. Nothing is changed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void record(const char *kind, const char *name, int port)
{
    int kept = errno;
    const char *path = getenv("OUTGOING_TRAFFIC");
    char line[512];
    int length = snprintf(line, sizeof line, "%s %s %d\n", kind, name ? name : "-", port);
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    /* A line that is not written must not pass for silence. */
    if (length <= 0 || length >= (int)sizeof line || file < 0 || write(file, line, length) != length)
        abort();
    close(file);
    errno = kept;
}

static void record_address(const char *kind, const struct sockaddr *address)
{
    char name[INET6_ADDRSTRLEN];
    if (address != NULL && address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &four->sin_addr, name, sizeof name);
        record(kind, name, ntohs(four->sin_port));
    } else if (address != NULL && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &six->sin6_addr, name, sizeof name);
        record(kind, name, ntohs(six->sin6_port));
    }
}

int connect(int descriptor, const struct sockaddr *address, socklen_t length)
{
    record_address("connect", address);
    return REAL(connect)(descriptor, address, length);
}

ssize_t sendto(int descriptor, const void *data, size_t size, int flags,
               const struct sockaddr *address, socklen_t length)
{
    record_address("send", address);
    return REAL(sendto)(descriptor, data, size, flags, address, length);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    record_address("send", message->msg_name);
    return REAL(sendmsg)(descriptor, message, flags);
}

int listen(int descriptor, int backlog)
{
    int result = REAL(listen)(descriptor, backlog);
    int kept = errno;
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    if (result == 0 && getsockname(descriptor, (struct sockaddr *)&own, &size) == 0)
        record_address("listen", (struct sockaddr *)&own);
    errno = kept;
    return result;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    record("lookup", node, 0);
    return REAL(getaddrinfo)(node, service, hints, found);
}

struct hostent *gethostbyname(const char *name)
{
    record("lookup", name, 0);
    return REAL(gethostbyname)(name);
}

int gethostbyname_r(const char *name, struct hostent *result, char *buffer, size_t size,
                    struct hostent **found, int *error)
{
    record("lookup", name, 0);
    return REAL(gethostbyname_r)(name, result, buffer, size, found, error);
}
