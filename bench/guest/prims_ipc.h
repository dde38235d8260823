/* prims_ipc.h - primitives of other ways from one program to another: sockets, counters, terminals, shared memory, pipelines. */
#ifndef BENCH_PRIMS_IPC_H
#define BENCH_PRIMS_IPC_H

#include "prims_switches.h"
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <termios.h>

static int pair[2], counter, master, terminal, segment;

/* A child that answers what comes through a stream of local sockets. */
static void begin_socket_echo(void)
{
    char byte;
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    child = fork();
    require(child >= 0, "fork");
    while (child == 0)
        if (read(pair[1], &byte, 1) != 1 || write(pair[1], &byte, 1) != 1)
            _exit(1);
}

static void socket_round_trip(long i)
{
    char byte = (char)i;
    require(write(pair[0], &byte, 1) == 1 && read(pair[0], &byte, 1) == 1, "socket");
}

static void end_socket_echo(void)
{
    end_child();
    close(pair[0]);
    close(pair[1]);
}

static void begin_counter(void)
{
    counter = eventfd(0, 0);
    require(counter >= 0, "eventfd");
}

static void eventfd_pair(long i)
{
    uint64_t value = 1;
    (void)i;
    require(write(counter, &value, sizeof value) == sizeof value && read(counter, &value, sizeof value) == sizeof value, "eventfd");
}

static void end_counter(void)
{
    close(counter);
}

/* Both ends of a terminal in raw mode are here: a byte goes in at the master, is read, and goes back out. */
static void begin_terminal(void)
{
    struct termios settings;
    master = posix_openpt(O_RDWR | O_NOCTTY);
    require(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "posix_openpt");
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    require(terminal >= 0 && tcgetattr(terminal, &settings) == 0, "terminal");
    cfmakeraw(&settings);
    require(tcsetattr(terminal, TCSANOW, &settings) == 0, "tcsetattr");
}

static void pty_round_trip(long i)
{
    char byte = (char)('a' + i % 26);
    require(write(master, &byte, 1) == 1 && read(terminal, &byte, 1) == 1, "to the terminal");
    require(write(terminal, &byte, 1) == 1 && read(master, &byte, 1) == 1, "from the terminal");
}

static void end_terminal(void)
{
    close(terminal);
    close(master);
}

/* 64 KiB of System V shared memory, which is there all the time. */
static void begin_segment(void)
{
    segment = shmget(IPC_PRIVATE, SMALL, IPC_CREAT | 0600);
    require(segment >= 0, "shmget");
}

static void shm_attach_touch(long i)
{
    char *memory = shmat(segment, NULL, 0);
    require(memory != (void *)-1, "shmat");
    for (size_t at = 0; at < SMALL; at += PAGE)
        memory[at] = (char)i;
    require(shmdt(memory) == 0, "shmdt");
}

static void end_segment(void)
{
    require(shmctl(segment, IPC_RMID, NULL) == 0, "shmctl");
}

/* A shell and what it starts: four programs that hand a line on. */
static void shell_pipeline(long i)
{
    (void)i;
    require(system("/bin/busybox echo line | /bin/busybox cat | /bin/busybox cat | /bin/busybox cat > /dev/null") == 0, "system");
}

#endif
