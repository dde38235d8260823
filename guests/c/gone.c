/* gone.c - what has lost its last name and is still in use: open, mapped, stood in, run. /proc tells where it was, and leads to it. It
 * takes all names away, says "holding", waits (argument: seconds), and then looks, so that power may fail in between. The expectations
 * are Linux's. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#define PAGE 4096
#define DEEP 40

static char place[] = "/tmp/gone-XXXXXX";
static int file, victim, moved, within, removed, fifo, link_itself, nameless, linked, rewritten;
static char *private_page, *shared_page, *read_page;
static pid_t runner, stander;
static int to_runner[2], to_stander[2], from_stander[2];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int make(const char *name, const char *text)
{
    int descriptor = open(name, O_RDWR | O_CREAT | O_TRUNC, 0755);
    if (write(descriptor, text, strlen(text)) < 0)
        perror(name);
    return descriptor;
}

/* What a link of /proc says, without the place. */
static const char *shows(const char *link)
{
    static char text[PAGE + 1];
    ssize_t length = readlink(link, text, PAGE);
    text[length < 0 ? 0 : length] = 0;
    size_t start = strlen(place);
    return length < 0 ? strerror(errno) : strncmp(text, place, start) ? text : text + start;
}

static const char *shows_descriptor(int descriptor)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    return shows(link);
}

static const char *shows_process(pid_t process, const char *what)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/%s", process, what);
    return shows(link);
}

/* What maps says of the mapping at an address. */
static const char *shows_mapping(const char *file_name, void *address)
{
    static char line[PAGE];
    FILE *maps = fopen(file_name, "r");
    unsigned long start = 0;
    while (start != (unsigned long)address && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-", &start) != 1)
            start = 0;
    fclose(maps);
    char *path = strchr(line, '/');
    line[strcspn(line, "\n")] = 0;
    return !path ? line : strncmp(path, place, strlen(place)) ? path : path + strlen(place);
}

#define SAYS(text, expected, ...) \
    do { \
        const char *tap_text = (text); \
        char tap_detail[640]; \
        snprintf(tap_detail, sizeof tap_detail, "%d: it is \"%.200s\" and not \"%.200s\"", __LINE__, tap_text, expected); \
        tap_result(!strcmp(tap_text, expected), tap_detail, __VA_ARGS__); \
    } while (0)

static void take_files(void)
{
    file = make("file", "first"), unlink("file"), close(make("file", "second"));
    victim = make("victim", "old"), close(make("winner", "new")), rename("winner", "victim");
    mkdir("folder", 0755);
    moved = make("folder/moved", "m"), rename("folder/moved", "last"), unlink("last");
    within = make("folder/within", "w"), unlink("folder/within"), rename("folder", "renamed");
    mkfifo("fifo", 0600), fifo = open("fifo", O_RDWR), unlink("fifo");
    symlink("nowhere", "link"), link_itself = open("link", O_PATH | O_NOFOLLOW), unlink("link");
    nameless = open(place, O_TMPFILE | O_RDWR, 0600);
    linked = make("one", "1"), link("one", "two"), unlink("two"), unlink("one");
    rewritten = make("rewritten", "r"), rename("rewritten", "again"), rename("again", "rewritten"), unlink("rewritten");
}

static void *maps_file(const char *name, int protection, int flags)
{
    int descriptor = make(name, name);
    void *page = mmap(0, PAGE, protection, flags, descriptor, 0);
    close(descriptor), unlink(name);
    return page;
}

static void take_mapped(void)
{
    private_page = maps_file("private", PROT_READ | PROT_WRITE, MAP_PRIVATE);
    private_page[0] = 'P';
    shared_page = maps_file("shared", PROT_READ | PROT_WRITE, MAP_SHARED);
    read_page = maps_file("read", PROT_READ, MAP_PRIVATE);
}

/* One stands at the bottom of folders that are all removed. */
static int stand(void)
{
    char path[PAGE] = "..", byte;
    if (mkdir("stand", 0755) || chdir("stand"))
        return 3;
    for (int i = 0; i < DEEP; i++)
        if (mkdir("d", 0755) || chdir("d"))
            return 1;
    for (int i = 0; i < DEEP; i++) {
        strcat(path, "/d");
        if (rmdir(path))
            return 2;
        strcpy(path + strlen(path) - 1, "..");
    }
    return write(from_stander[1], "s", 1) != 1 || read(to_stander[0], &byte, 1) < 0;
}

static void take_directories(void)
{
    char byte, path[64];
    if (pipe(to_stander) || pipe(from_stander))
        return;
    stander = fork();
    if (stander == 0)
        _exit(stand());
    CHECK(read(from_stander[0], &byte, 1) == 1, "one stands at the bottom");
    snprintf(path, sizeof path, "%s/stand", place);
    CHECK(rmdir(path) == 0, "and the top can go as well");
    CHECK(mkdir("removed", 0755) == 0, "a folder");
    removed = open("removed", O_RDONLY | O_DIRECTORY);
    CHECK(rmdir("removed") == 0 && removed >= 0, "is removed");
}

static void take_program(void)
{
    char command[128], number[16];
    snprintf(command, sizeof command, "%s/program", place);
    int in = open("/proc/self/exe", O_RDONLY), out = make(command, "");
    static char buffer[1 << 16];
    for (ssize_t length; (length = read(in, buffer, sizeof buffer)) > 0; )
        if (write(out, buffer, length) != length)
            perror("write");
    close(in), close(out);
    if (pipe(to_runner))
        return;
    runner = fork();
    if (runner == 0) {
        snprintf(number, sizeof number, "%d", to_runner[0]);
        execl(command, "program", "-", number, NULL);
        _exit(99);
    }
    while (strcmp(shows_process(runner, "exe"), "/program"))
        usleep(1000);
    CHECK(unlink(command) == 0, "a program that runs goes");
}

static int holds(int descriptor, const char *text)
{
    char path[64], got[16] = {0};
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int again = open(path, O_RDONLY);
    int is_same = again >= 0 && read(again, got, 15) == (ssize_t)strlen(text) && !strcmp(got, text);
    close(again);
    return is_same;
}

static void look_at_files(void)
{
    char expected[64];
    struct stat status;
    SAYS(shows_descriptor(file), "/file (deleted)", "a file whose name is another's by now");
    CHECK(holds(file, "first"), "the link leads to it");
    SAYS(shows_descriptor(victim), "/victim (deleted)", "one that was replaced");
    CHECK(holds(victim, "old"), "that link too");
    SAYS(shows_descriptor(moved), "/last (deleted)", "one that had moved");
    SAYS(shows_descriptor(within), "/renamed/within (deleted)", "one whose folder moves");
    CHECK(rename("renamed", "once more") == 0, "it moves again");
    SAYS(shows_descriptor(within), "/once more/within (deleted)", "and once more");
    CHECK(rmdir("once more") == 0, "what is gone does not keep the folder");
    SAYS(shows_descriptor(within), "/once more/within (deleted)", "which goes too");
    SAYS(shows_descriptor(fifo), "/fifo (deleted)", "a FIFO");
    SAYS(shows_descriptor(link_itself), "/link (deleted)", "a symbolic link");
    fstat(nameless, &status);
    snprintf(expected, sizeof expected, "/#%llu (deleted)", (unsigned long long)status.st_ino);
    SAYS(shows_descriptor(nameless), expected, "a file without a name");
    SAYS(shows_descriptor(linked), "/one (deleted)", "one that had two names");
    SAYS(shows_descriptor(rewritten), "/rewritten (deleted)", "one that was renamed there and back");
}

static void look_at_mapped(void)
{
    SAYS(shows_mapping("/proc/self/maps", private_page), "/private (deleted)", "a private mapping");
    SAYS(shows_mapping("/proc/self/maps", shared_page), "/shared (deleted)", "a shared mapping");
    SAYS(shows_mapping("/proc/self/maps", read_page), "/read (deleted)", "a mapping to read");
    SAYS(shows_mapping("/proc/self/smaps", shared_page), "/shared (deleted)", "in smaps");
    CHECK(private_page[0] == 'P' && shared_page[0] == 's' && read_page[0] == 'r', "what is in them is there");
    CHECK(munmap(shared_page, PAGE) == 0 && mprotect(read_page, PAGE, PROT_READ | PROT_WRITE) == 0, "one goes, one is written");
    read_page[0] = 'R';
    SAYS(shows_mapping("/proc/self/maps", read_page), "/read (deleted)", "it shows where it was");
    pid_t child = fork();
    if (child == 0)
        _exit(strcmp(shows_mapping("/proc/self/maps", read_page), "/read (deleted)") != 0);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "a child's does too");
}

static void look_at_directories(void)
{
    char expected[PAGE] = "/stand", text[64];
    for (int i = 0; i < DEEP; i++)
        strcat(expected, "/d");
    strcat(expected, " (deleted)");
    SAYS(shows_process(stander, "cwd"), expected, "where one stands");
    SAYS(shows_descriptor(removed), "/removed (deleted)", "a folder that is open");
    struct stat top, above;
    int up = openat(removed, "..", O_PATH);
    CHECK(stat(place, &top) == 0 && fstat(up, &above) == 0 && top.st_ino == above.st_ino, "leads up");
    CHECK_ERRNO(openat(removed, "new", O_CREAT | O_WRONLY, 0600), ENOENT, "nothing is made in it");
    CHECK(fchdir(removed) == 0, "one can go there");
    CHECK_ERRNO(syscall(79, text, sizeof text), ENOENT, "getcwd");
    CHECK(chdir("..") == 0 && syscall(79, text, sizeof text) > 0 && !strcmp(text, place), "and back");
    int status = -1;
    CHECK(write(to_stander[1], "e", 1) == 1 && waitpid(stander, &status, 0) == stander && status == 0, "the one below went well");
}

static void look_at_program(void)
{
    char path[64], number[16];
    SAYS(shows_process(runner, "exe"), "/program (deleted)", "a program");
    snprintf(path, sizeof path, "/proc/%d/exe", runner);
    struct stat one, other;
    int again = open(path, O_RDONLY);
    char magic[4];
    CHECK(again >= 0 && read(again, magic, 4) == 4 && !memcmp(magic, "\177ELF", 4), "it can be opened");
    CHECK(fstat(again, &one) == 0 && stat(path, &other) == 0 && one.st_nlink == 0 && one.st_ino == other.st_ino, "has no name");
    close(again);
    CHECK_ERRNO(open(path, O_WRONLY), ETXTBSY, "is not written while it runs");
    pid_t second = fork();
    int ends[2];
    if (second == 0) {
        if (pipe(ends) || write(ends[1], "e", 1) != 1)
            _exit(98);
        snprintf(number, sizeof number, "%d", ends[0]);
        execl(path, "program", "-", number, NULL);
        _exit(97);
    }
    int status = -1;
    CHECK(waitpid(second, &status, 0) == second && status == 0, "and be run: %x", status);
    CHECK(write(to_runner[1], "e", 1) == 1 && waitpid(runner, &status, 0) == runner && status == 0, "it ends");
}

/* As the program that goes: it waits for a byte. */
static int run(int descriptor)
{
    char byte;
    return read(descriptor, &byte, 1) != 1;
}

int main(int count, char **arguments)
{
    if (count > 2)
        return run(atoi(arguments[2]));
    CHECK(mkdtemp(place) && chdir(place) == 0, "a place");
    take_files();
    take_mapped();
    take_directories();
    take_program();
    printf("holding\n");
    fflush(stdout);
    for (double end = now() + (count > 1 ? atof(arguments[1]) : 0); now() < end; )
        usleep(20000);
    look_at_files();
    look_at_mapped();
    look_at_directories();
    look_at_program();
    return tap_done();
}
