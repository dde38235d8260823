/* guards.c - what keeps users apart in directories they share: nobody makes a program of a group he is not in, gives names to what is
 * another's, or is led astray by another's link. The expectations are Linux's. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NOBODY 65534

/* In a directory that gives its group away, who is not in that group gets no program that runs as it, whatever the mask hides. */
static void foreign_groups(void)
{
    char place[] = "/tmp/guards-XXXXXX", path[64];
    CHECK(mkdtemp(place) && chown(place, NOBODY, 77) == 0 && chmod(place, 02777) == 0, "a directory of another group");
    snprintf(path, sizeof path, "%s/program", place);
    pid_t child = fork();
    if (child == 0) {
        int bad = setgroups(0, 0) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0;
        umask(S_IXGRP);
        _exit(bad || open(path, O_CREAT | O_WRONLY | O_EXCL, 02775) < 0);
    }
    int status = -1;
    struct stat made = {0};
    waitpid(child, &status, 0);
    CHECK(status == 0 && stat(path, &made) == 0, "a file is made in it");
    CHECK(made.st_gid == 77 && (made.st_mode & 07777) == 0765, "it does not run as the group: %o", made.st_mode);
    int nameless = open(place, O_TMPFILE | O_RDWR, 0600);
    CHECK(nameless >= 0 ? fstat(nameless, &made) == 0 && made.st_gid == 77 : errno == EOPNOTSUPP, "without a name it has the group");
    close(nameless);
    unlink(path);
    rmdir(place);
}

static int as_nobody(int (*what)(const char *), const char *argument)
{
    pid_t child = fork();
    if (child == 0)
        _exit(setgroups(0, 0) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ? 255 : what(argument));
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static char place[32];

static int links(const char *file)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%s-second", place, file);
    char path[64];
    snprintf(path, sizeof path, "%s/%s", place, file);
    return link(path, name) == 0 ? 0 : errno;
}

static int opens(const char *file)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", place, file);
    return open(path, O_RDONLY) >= 0 ? 0 : errno;
}

static void lay(const char *file, int mode)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", place, file);
    CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0 && chmod(path, mode) == 0, "%s", file);
}

/* Where everybody may write, nobody gives names to what is not his, and nobody is led astray by another's link. */
static void traps(void)
{
    strcpy(place, "/tmp/guards-XXXXXX");
    CHECK(mkdtemp(place) && chmod(place, 01777) == 0, "a place like /tmp");
    lay("open", 0666), lay("program", 04777), lay("grouped", 02777), lay("secret", 0644);
    int guards = setting("/proc/sys/fs/protected_hardlinks") == 1 ? EPERM : 0;
    CHECK(setting("/proc/sys/fs/protected_hardlinks") >= 0 && setting("/proc/sys/fs/protected_symlinks") >= 0, "it is told who is guarded");
    CHECK(as_nobody(links, "open") == 0, "what one may write may have another name");
    CHECK(as_nobody(links, "program") == guards, "a program with set-uid may not");
    CHECK(as_nobody(links, "grouped") == guards, "one with set-gid neither");
    CHECK(as_nobody(links, "secret") == guards, "nor what one may not write");
    char path[64], link[64];
    snprintf(path, sizeof path, "%s/open", place);
    snprintf(link, sizeof link, "%s/trap", place);
    CHECK(symlink(path, link) == 0 && lchown(link, 77, 77) == 0, "somebody's link");
    int leads = setting("/proc/sys/fs/protected_symlinks") == 1 ? EACCES : 0;
    CHECK(as_nobody(opens, "trap") == leads, "is not followed");
    CHECK(opens("trap") == leads, "by root neither");
    CHECK(lchown(link, 0, 0) == 0 && as_nobody(opens, "trap") == 0, "that of the place's owner is");
    CHECK(lchown(link, NOBODY, 77) == 0 && as_nobody(opens, "trap") == 0, "as is one's own");
    CHECK(lchown(link, 77, 77) == 0 && chmod(place, 0777) == 0 && as_nobody(opens, "trap") == 0, "or any elsewhere");
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", place);
    CHECK(system(command) == 0, "done");
}

int main(void)
{
    foreign_groups();
    traps();
    return tap_done();
}
