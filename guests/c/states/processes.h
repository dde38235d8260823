/* Pieces: zombies, stopped children, a vfork. */
#pragma once
#include "piece.h"

static void build_zombie(struct piece *piece)
{
    siginfo_t info;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0)
        _exit(GOT_IT);
    MUST(waitid(P_PID, (id_t)piece->child, &info, WEXITED | WNOWAIT) == 0);
}

static void check_zombie(struct piece *piece)
{
    siginfo_t info;
    MUST(waitid(P_PID, (id_t)piece->child, &info, WEXITED | WNOWAIT | WNOHANG) == 0);
    MUST(info.si_pid == piece->child && info.si_status == GOT_IT && info.si_code == CLD_EXITED);
}

static void build_stopped(struct piece *piece)
{
    int status;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        setpgid(0, 0);
        raise(SIGSTOP);
        _exit(GOT_IT);
    }
    if (piece->number % 2)
        MUST(waitpid(piece->child, &status, WUNTRACED) == piece->child && WIFSTOPPED(status));
    else
        await_state(piece, "T");
}

static void check_stopped(struct piece *piece)
{
    siginfo_t info = { .si_pid = 0 };
    /* Its stop is reported once, to whoever asks first. */
    MUST(waitid(P_PID, (id_t)piece->child, &info, WSTOPPED | WNOWAIT | WNOHANG) == 0);
    MUST(info.si_pid == (piece->number % 2 ? 0 : piece->child));
    still_waits(piece);
    MUST(getpgid(piece->child) == piece->child);
}

static void end_stopped(struct piece *piece)
{
    MUST(kill(piece->child, SIGCONT) == 0);
    got_it(piece);
}

/* A parent that waits for its vfork's child, which waits for a byte. */
static void build_vfork(struct piece *piece)
{
    MUST(pipe(piece->fd) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        char byte;
        int status;
        pid_t pid = vfork();
        if (pid == 0)
            _exit(read(piece->fd[0], &byte, 1) == 1 ? GOT_IT : 1);
        _exit(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == GOT_IT ? GOT_IT : 2);
    }
    await_state(piece, "D");
}

static void end_vfork(struct piece *piece)
{
    MUST(write(piece->fd[1], "v", 1) == 1);
    got_it(piece);
    close(piece->fd[0]);
    close(piece->fd[1]);
}
