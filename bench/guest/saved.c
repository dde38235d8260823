/* saved.c - a program with memory, which is saved and restored by Aurora and by CRIU. It takes orders, a line each, and answers each.
 *
 *   saved MEBIBYTES [ORDERS ANSWERS]   by standard input and output, or by two FIFOs
 *
 *   p         answers p
 *   d PAGES   changes so many pages in a row, further ones each time; answers d
 *   s         reads all of its memory; answers with a sum of it */
#define _GNU_SOURCE
#include "guest.h"
#include <fcntl.h>

static char *memory;
static unsigned long pages;

static void fill(void)
{
    for (size_t at = 0; at < pages * PAGE; at += sizeof(uint64_t))
        *(uint64_t *)(memory + at) = random64();
}

static void change(unsigned long count)
{
    static unsigned long next;
    for (unsigned long i = 0; i < count; i++, next++)
        *(uint64_t *)(memory + next % pages * PAGE + 8) = random64();
}

static uint64_t sum(void)
{
    uint64_t result = 0;
    for (size_t at = 0; at < pages * PAGE; at += sizeof(uint64_t))
        result = result * 31 + *(uint64_t *)(memory + at);
    return result;
}

/* Reads byte by byte: nothing of the next order is in this program when it is dumped. */
static void read_line(char *line, size_t size)
{
    size_t length = 0;
    char byte;
    for (;;) {
        ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            exit(0);
        if (byte == '\n')
            break;
        if (length < size - 1)
            line[length++] = byte;
    }
    line[length] = 0;
}

static void answer(const char *text)
{
    require(write(STDOUT_FILENO, text, strlen(text)) == (ssize_t)strlen(text), "answer");
}

int main(int count, char **words)
{
    char line[64];
    require(count >= 2, "usage: saved MEBIBYTES [ORDERS ANSWERS]");
    if (count == 4) { /* open for both ways, so that neither ends while nobody is at the other end */
        int orders = open(words[2], O_RDWR), answers = open(words[3], O_RDWR);
        require(orders >= 0 && answers >= 0, "FIFO");
        dup2(orders, STDIN_FILENO);
        dup2(answers, STDOUT_FILENO);
        dup2(answers, STDERR_FILENO);
        close(orders);
        close(answers);
    }
    pages = strtoul(words[1], NULL, 10) * (MEBIBYTE / PAGE);
    memory = memory_of(pages * PAGE);
    fill();
    answer("ready\n");
    for (;;) {
        read_line(line, sizeof line);
        if (line[0] == 's')
            snprintf(line, sizeof line, "%016llx\n", (unsigned long long)sum());
        else {
            if (line[0] == 'd')
                change(strtoul(line + 1, NULL, 10));
            line[1] = 0;
            strcat(line, "\n");
        }
        answer(line);
    }
}
