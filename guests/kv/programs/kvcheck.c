/* kvcheck.c - checks the store (docs/kv.md) and prints TAP. By hand: ./aurora run -m 512 -- /usr/lib/aurora/kvcheck [ROUNDS] [KILLS] */
#define _GNU_SOURCE
#include "check_alone.h"
#include "check_losing.h"
#include "check_together.h"

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 4, kills = count > 2 ? atoi(arguments[2]) : 12;
    check_answers();
    check_model(rounds);
    check_full();
    check_opening();
    check_losing();
    check_threads();
    check_processes();
    check_kills(kills);
    return tap_done();
}
