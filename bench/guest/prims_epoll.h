/* prims_epoll.h - waiting for one event of many watched descriptors, level-triggered: there is one, and all others are idle. */
#ifndef PRIMS_EPOLL_H
#define PRIMS_EPOLL_H

#include "guest.h"
#include <sys/epoll.h>
#include <sys/resource.h>

enum { WATCHED = 1000 };

static int epoll, idle[2], ready[2], copies[WATCHED - 1], copied;

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    require(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void begin_epoll_1(void)
{
    epoll = epoll_create1(0);
    require(epoll >= 0 && pipe(idle) == 0 && pipe(ready) == 0 && write(ready[1], "x", 1) == 1, "pipe");
    watch(ready[0]);
}

static void begin_epoll_1000(void)
{
    struct rlimit most = {WATCHED + 100, WATCHED + 100};
    require(setrlimit(RLIMIT_NOFILE, &most) == 0, "setrlimit");
    begin_epoll_1();
    for (copied = 0; copied < WATCHED - 1; copied++) {
        copies[copied] = dup(idle[0]);
        watch(copies[copied]);
    }
}

static void epoll_wait_one(long i)
{
    (void)i;
    struct epoll_event events[8];
    require(epoll_wait(epoll, events, 8, -1) == 1, "epoll_wait");
}

static void end_epoll(void)
{
    while (copied > 0)
        close(copies[--copied]);
    close(epoll);
    for (int end = 0; end < 2; end++) {
        close(idle[end]);
        close(ready[end]);
    }
}

#endif
