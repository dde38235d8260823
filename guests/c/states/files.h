/* Pieces: names and files without one. */
#pragma once
#include "piece.h"

static void build_unlinked(struct piece *piece)
{
    make_file(piece, "nobody can name this");
    MUST(unlink(piece->name) == 0);
    MUST(lseek(piece->fd[0], 7, SEEK_SET) == 7);
    MUST((piece->fd[1] = dup(piece->fd[0])) >= 0);
    MUST(fcntl(piece->fd[1], F_SETFD, FD_CLOEXEC) == 0);
    MUST(fcntl(piece->fd[0], F_SETFL, O_APPEND) == 0);
}

static void check_unlinked(struct piece *piece)
{
    char text[32] = "";
    struct stat status;
    MUST(access(piece->name, F_OK) == -1 && errno == ENOENT);
    MUST(fstat(piece->fd[1], &status) == 0 && status.st_nlink == 0 && status.st_size == 20);
    MUST(lseek(piece->fd[1], 0, SEEK_CUR) == 7);
    MUST(pread(piece->fd[1], text, 31, 0) == 20 && strcmp(text, "nobody can name this") == 0);
    MUST(fcntl(piece->fd[1], F_GETFD) == FD_CLOEXEC && fcntl(piece->fd[0], F_GETFD) == 0);
    MUST((fcntl(piece->fd[1], F_GETFL) & (O_APPEND | O_NONBLOCK)) == O_APPEND);
}

static void end_unlinked(struct piece *piece)
{
    close(piece->fd[0]);
    close(piece->fd[1]);
}

static void build_names(struct piece *piece)
{
    char other[80], target[2000];
    make_file(piece, "two names");
    snprintf(other, sizeof other, "%s.link", piece->name);
    MUST(link(piece->name, other) == 0);
    memset(target, 'a' + (int)(piece->number % 26), sizeof target);
    target[piece->number % 1900 + 10] = 0;
    snprintf(other, sizeof other, "%s.symbolic", piece->name);
    MUST(symlink(target, other) == 0);
}

static void check_names(struct piece *piece)
{
    char other[80], target[2000];
    struct stat one, two;
    snprintf(other, sizeof other, "%s.link", piece->name);
    MUST(stat(piece->name, &one) == 0 && stat(other, &two) == 0 && one.st_ino == two.st_ino && one.st_nlink == 2);
    snprintf(other, sizeof other, "%s.symbolic", piece->name);
    ssize_t length = readlink(other, target, sizeof target);
    MUST(length == (ssize_t)(piece->number % 1900 + 10));
    for (ssize_t i = 0; i < length; i++)
        MUST(target[i] == (char)('a' + piece->number % 26));
}

static void end_names(struct piece *piece)
{
    char other[80];
    close(piece->fd[0]);
    snprintf(other, sizeof other, "%s.link", piece->name);
    MUST(rename(piece->name, other) == 0 && unlink(piece->name) == 0 && unlink(other) == 0);
    snprintf(other, sizeof other, "%s.symbolic", piece->name);
    MUST(unlink(other) == 0);
}
