/* sockets.h - what the programs about sockets share. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "holds.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <linux/sockios.h>

#define FAMILY_BYTES offsetof(struct sockaddr_un, sun_path)
#define ALL_EVENTS (POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLWRNORM | POLLWRBAND)

static inline int pair_of(int type, int *ends) { return socketpair(AF_UNIX, type, 0, ends) == 0; }

/* A name that no other check has; a zero for its first letter makes it abstract. */
static inline socklen_t named(struct sockaddr_un *address, int is_abstract, const char *name)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "%s/tmp/sock-%s-%d", is_abstract ? "@" : "", name, (int)getpid());
    size_t length = strlen(address->sun_path);
    if (!is_abstract)
        return FAMILY_BYTES + length + 1;
    address->sun_path[0] = 0;
    return FAMILY_BYTES + length;
}

static inline int listens(struct sockaddr_un *address, socklen_t length, int type, int backlog)
{
    int file = socket(AF_UNIX, type, 0);
    if (file < 0 || bind(file, (struct sockaddr *)address, length) || listen(file, backlog))
        return -1;
    return file;
}

static inline int connects(struct sockaddr_un *address, socklen_t length, int type)
{
    int file = socket(AF_UNIX, type, 0);
    if (connect(file, (struct sockaddr *)address, length) == 0)
        return file;
    int error = errno;
    close(file);
    errno = error;
    return -1;
}

static inline int is_ready(int file, short events)
{
    struct pollfd entry = {.fd = file, .events = events};
    return poll(&entry, 1, 0) < 0 ? -1 : entry.revents;
}

static inline int has(int file, const char *text)
{
    char bytes[300];
    long length = recv(file, bytes, sizeof bytes, MSG_DONTWAIT);
    return length == (long)strlen(text) && !memcmp(bytes, text, length);
}

static inline int option(int file, int name)
{
    int value = -12345;
    socklen_t length = sizeof value;
    return getsockopt(file, SOL_SOCKET, name, &value, &length) ? -errno - 100000 : value;
}

static inline int set(int file, int name, int value) { return setsockopt(file, SOL_SOCKET, name, &value, sizeof value); }

#endif
