/* Pieces: mappings of every kind. */
#pragma once
#include "piece.h"

static void build_maps(struct piece *piece)
{
    char data[2 * PAGE];
    make_file(piece, "");
    memset(data, 'f', sizeof data);
    MUST(write(piece->fd[0], data, sizeof data) == (ssize_t)sizeof data);
    MUST((piece->memory = mmap(NULL, 12 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
    MUST(mmap(piece->memory + 4 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, piece->fd[0], 0) != MAP_FAILED);
    MUST(mmap(piece->memory + 8 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, piece->fd[0], 0) != MAP_FAILED);
    for (unsigned page = 0; page < 3; page++)
        *(uint32_t *)(piece->memory + page * PAGE + 8) = piece->number + page;
    piece->memory[4 * PAGE] = 'p';                      /* its own copy */
    piece->memory[9 * PAGE] = (char)piece->number;      /* in the file */
    MUST(mprotect(piece->memory + PAGE, PAGE, PROT_READ) == 0);
    char *moved = piece->memory + 11 * PAGE;
    MUST(mremap(piece->memory + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved);
    /* The hole must not become somebody else's. */
    MUST(mmap(piece->memory + 2 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

static void check_maps(struct piece *piece)
{
    char byte;
    for (unsigned page = 0; page < 3; page++)
        MUST(*(uint32_t *)(piece->memory + (page == 2 ? 11 : page) * PAGE + 8) == piece->number + page);
    MUST(piece->memory[4 * PAGE] == 'p' && piece->memory[4 * PAGE + 1] == 'f' && piece->memory[5 * PAGE + 1] == 'f');
    MUST(piece->memory[8 * PAGE] == 'f' && piece->memory[9 * PAGE] == (char)piece->number && piece->memory[6 * PAGE] == 0);
    MUST(pread(piece->fd[0], &byte, 1, PAGE) == 1 && byte == (char)piece->number);
    /* The protected page cannot be written to by the kernel either, and there is nothing where the moved page was. */
    MUST(pread(piece->fd[0], piece->memory + PAGE, 1, 0) == -1 && errno == EFAULT);
    MUST(pread(piece->fd[0], piece->memory + 2 * PAGE, 1, 0) == -1 && errno == EFAULT);
}

static void end_maps(struct piece *piece)
{
    MUST(munmap(piece->memory, 12 * PAGE) == 0);
    close(piece->fd[0]);
    unlink(piece->name);
}
