/* copies.c - a program that is told when it has become a copy or gone back in time. It prints its generation and each other one, of what it
 * was before, and a number that it draws anew for each. */
#define _GNU_SOURCE
#include "../include/aurora.h"
#include <stdio.h>
#include <sys/random.h>

int main(void)
{
    uint32_t seed = 0;
    long generation = sls_generation(0, 0);
    for (long before = -1; generation >= 0; before = generation, generation = sls_generation(before, 1)) {
        if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
            return 1;
        printf("generation %ld after %ld seed %u\n", generation, before, seed);
        fflush(stdout);
    }
    return 2;
}
