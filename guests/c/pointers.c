/* A list in a region, whose nodes point at each other: what was sent and received is true at its address only.
 *
 *   pointers grow NAME COUNT   puts so many more nodes in front of the list, made if there is none, durably; tells the epoch
 *   pointers walk NAME         follows the pointers to the end: how many nodes there are, and their sum
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../include/aurora.h"

#define LENGTH (4UL << 20)
#define MOST 65536

struct node {
    struct node *next;
    uint64_t value;
};

struct list {
    struct node *first;
    uint64_t count;
    struct node nodes[MOST];
};

static struct list *show(const char *name, unsigned flags, long *md)
{
    struct list *list;
    *md = msnap_open(name, (void **)&list, flags & MS_CREATE ? LENGTH : sizeof *list, flags);
    if (*md < 0) {
        perror(name);
        exit(1);
    }
    return list;
}

static int grow(const char *name, uint64_t count)
{
    long md;
    struct list *list = show(name, MS_CREATE, &md);
    for (uint64_t i = 0; i < count && list->count < MOST; i++) {
        /* From all over the array: 1021 is prime to its length. */
        struct node *node = &list->nodes[list->count * 1021 % MOST];
        node->value = ++list->count;
        node->next = list->first;
        list->first = node;
    }
    long epoch = msnap_persist(md, 0);
    if (epoch < 0) {
        perror("msnap_persist");
        return 1;
    }
    printf("%ld\n", epoch);
    return 0;
}

static int walk(const char *name)
{
    long md;
    struct list *list = show(name, 0, &md);
    uint64_t count = 0, sum = 0;
    for (struct node *node = list->first; node; node = node->next) {
        if (node < list->nodes || node >= list->nodes + MOST || count == MOST) {
            printf("a pointer to nowhere behind %lu nodes\n", count);
            return 1;
        }
        count++;
        sum += node->value;
    }
    printf("%lu nodes, sum %lu%s\n", count, sum, count == list->count ? "" : ": not all there are");
    return count != list->count;
}

int main(int count, char **words)
{
    if (count == 4 && !strcmp(words[1], "grow"))
        return grow(words[2], strtoul(words[3], NULL, 10));
    if (count == 3 && !strcmp(words[1], "walk"))
        return walk(words[2]);
    fprintf(stderr, "usage: pointers grow NAME COUNT | pointers walk NAME\n");
    return 2;
}
