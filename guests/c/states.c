/* states.c - builds up kernel state that a restore must give back, for machines whose power is cut. In each round it makes a random choice
 * of pieces (locks held and waited for, timers, pipes, FIFOs, futexes, children, names, mappings, signals; see states/), lets a random
 * while pass, and then checks that every piece is as it was and ends as it should. What it finds wrong it prints as "states FAIL ..." and
 * exits 1.
 *
 * states [-s SEED] [-r ROUNDS] [-w LONGEST_WAIT_MS] [-n PIECES] [-p] [-l LABEL]      ROUNDS 0 (default): for ever; -p prints every round
 */
#include "states/files.h"
#include "states/futexes.h"
#include "states/locks.h"
#include "states/mappings.h"
#include "states/pipes.h"
#include "states/processes.h"
#include "states/signals.h"

static const struct kind kinds[] = {
    { "a lock of another process", build_lock, check_lock, end_lock },
    { "locks of an open file", build_file_lock, check_file_lock, end_file_lock },
    { "a wait for a lock", build_lock_wait, still_waits, end_lock_wait },
    { "a timer", build_timer, check_timer, end_timer },
    { "pending signals", build_pending, still_waits, end_pending },
    { "a pipe with data", build_pipe, NULL, end_pipe },
    { "a reader of a pipe", build_reader, still_waits, end_reader },
    { "a writer to a full pipe", build_writer, still_waits, end_writer },
    { "a FIFO being opened", build_opener, still_waits, end_opener },
    { "a futex", build_futex, still_waits, end_futex },
    { "a zombie", build_zombie, check_zombie, got_it },
    { "a stopped child", build_stopped, check_stopped, end_stopped },
    { "a vfork", build_vfork, still_waits, end_vfork },
    { "an unlinked file", build_unlinked, check_unlinked, end_unlinked },
    { "names", build_names, check_names, end_names },
    { "mappings", build_maps, check_maps, end_maps },
};

static void run_round(int most, unsigned longest)
{
    static struct piece pieces[MOST];
    int count = 1 + (int)(draw() % (unsigned)most);
    for (int i = 0; i < count; i++) {
        pieces[i] = (struct piece) { .kind = &kinds[draw() % (sizeof kinds / sizeof kinds[0])], .number = draw() };
        pieces[i].kind->build(&pieces[i]);
    }
    uint64_t until = now() + (uint64_t)(longest ? draw() % longest : 0) * 1000000;
    do {
        for (int i = 0; i < count; i++)
            if (pieces[i].kind->check)
                pieces[i].kind->check(&pieces[i]);
        usleep(2000);
    } while (now() < until);
    for (int i = count - 1; i >= 0; i--)
        pieces[i].kind->end(&pieces[i]);
}

int main(int argc, char **argv)
{
    unsigned long rounds = 0, seed = 1;
    unsigned longest = 300;
    int most = 12, prints = 0;
    for (int option; (option = getopt(argc, argv, "s:r:w:n:l:p")) != -1;)
        switch (option) {
        case 's': seed = strtoul(optarg, NULL, 0); break;
        case 'r': rounds = strtoul(optarg, NULL, 0); break;
        case 'w': longest = (unsigned)atoi(optarg); break;
        case 'n': most = atoi(optarg); break;
        case 'l': label = optarg; break;
        case 'p': prints = 1; break;
        default: return 2;
        }
    most = most < 1 ? 1 : most > MOST ? MOST : most;
    random_state = seed * 0x9E3779B97F4A7C15ul;
    setpgid(0, 0);
    for (; rounds == 0 || rounds_done < rounds; rounds_done++) {
        run_round(most, longest);
        if (prints) {
            printf("%s round %lu ok\n", label, rounds_done + 1);
            fflush(stdout);
        }
    }
    printf("%s done %lu\n", label, rounds_done);
    return 0;
}
