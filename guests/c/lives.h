/* lives.h - a program whose child shows a region, for programs that are killed and cut off. The region goes on without the checkpoints of
 * the session, so after a restart the child may have to end, and its parent, which shows no region, starts the next. Included behind
 * live(), which is what the child does. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* So many lives, each ended by SIGKILL after so long; 0: for ever, and nobody kills. */
static int run_lives(long lives, double seconds)
{
    for (long life = 0; lives == 0 || life < lives; life++) {
        pid_t child = fork();
        if (child == 0) {
            live();
            _exit(0);
        }
        if (child < 0)
            fail("fork", child);
        struct timespec end = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (time_t)seconds) * 1e9)};
        if (lives != 0) {
            nanosleep(&end, 0);
            kill(child, SIGKILL);
        }
        int status;
        if (waitpid(child, &status, 0) != child)
            fail("wait", child);
        if (WIFEXITED(status))
            return WEXITSTATUS(status);
        if (WTERMSIG(status) != SIGKILL)
            fail("ended by a signal", WTERMSIG(status));
        printf("life %ld ended by %d\n", life, WTERMSIG(status));
        fflush(stdout);
    }
    return 0;
}
