/* pressure.c - more memory than the machine has, and programs that try to take all of it.
 *
 * pressure live MIB ROUNDS [US] keeps MIB live: every page has a stamp of its own; each round checks every page, rewrites every fourth, and
 *                              prints "round N ok". A page that is not as it was left ends it with "round N FAIL page P" and status 1.
 *                              It rests US microseconds every 256 pages.
 * pressure hog                 stores to ever more memory until it is killed.
 * pressure sparse              touches one page in each 2 MiB of address space, so that page tables cost more than what they show.
 * pressure forks               forks until that fails, ends all children, and forks as many again; prints "forks N errno E" for both.
 * pressure tree FOLDER N       makes N files in one directory and prints "made"; lists them while another adds and removes names there,
 *                              looks each up, renames some, removes all, one half after the other, each time with a listing; prints what
 *                              it has done, and "tree ok" at the end. Names and files go out of memory on the way, if it has not
 *                              room for so many.
 * pressure links FOLDER N      makes N symbolic links of the greatest length, prints "links N errno E", looks at all of them, removes
 *                              them and prints "links ok".
 * pressure pieces N            N mappings, every second page of an area, then one munmap of everything; prints "unmapped".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

static char *area_of(uint64_t bytes, int protection)
{
    char *area = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return area;
}

/* Eight words all over the page: a page put together from two ages is found out. */
static void stamp(char *area, uint64_t page, uint64_t age)
{
    uint64_t *words = (uint64_t *)(area + page * PAGE);
    for (int word = 0; word < 512; word += 64)
        words[word] = (page << 20) ^ (age << 8) ^ word;
}

static int is_stamped(const char *area, uint64_t page, uint64_t age)
{
    const uint64_t *words = (const uint64_t *)(area + page * PAGE);
    for (int word = 0; word < 512; word += 64)
        if (words[word] != ((page << 20) ^ (age << 8) ^ word))
            return 0;
    return 1;
}

/* Page P is rewritten in the rounds that are P modulo 4. */
static uint64_t age_of(uint64_t page, uint64_t round)
{
    uint64_t back = (round + 4 - page % 4) % 4;
    return round >= back ? round - back : 0;
}

static int live(uint64_t pages, uint64_t rounds, useconds_t rest)
{
    char *area = area_of(pages * PAGE, PROT_READ | PROT_WRITE);
    for (uint64_t page = 0; page < pages; page++)
        stamp(area, page, age_of(page, 0));
    printf("round 0 ok\n");
    fflush(stdout);
    for (uint64_t round = 1; round <= rounds; round++) {
        for (uint64_t page = 0; page < pages; page++) {
            if (!is_stamped(area, page, age_of(page, round - 1))) {
                printf("round %lu FAIL page %lu\n", (unsigned long)round, (unsigned long)page);
                return 1;
            }
            if (page % 4 == round % 4)
                stamp(area, page, round);
            if (rest && page % 256 == 0)
                usleep(rest);
        }
        printf("round %lu ok\n", (unsigned long)round);
        fflush(stdout);
    }
    return 0;
}

static int hog(uint64_t step)
{
    const uint64_t size = 1ul << 40;
    char *area = area_of(size, PROT_READ | PROT_WRITE);
    for (uint64_t at = 0; at < size; at += step)
        area[at] = 1;
    return 0;
}

static int pieces(uint64_t count)
{
    char *area = area_of(2 * count * PAGE, PROT_NONE);
    for (uint64_t piece = 0; piece < count; piece++) {
        char *at = area + 2 * piece * PAGE;
        if (mprotect(at, PAGE, PROT_READ | PROT_WRITE) != 0) {
            printf("mprotect failed at piece %lu\n", (unsigned long)piece);
            return 1;
        }
        *at = 1;
    }
    printf("mapped\n");
    fflush(stdout);
    if (munmap(area, 2 * count * PAGE) != 0) {
        perror("munmap");
        return 1;
    }
    printf("unmapped\n");
    return 0;
}

static int fork_all(void)
{
    int gate[2], count = 0, error = 0;
    if (pipe(gate) != 0)
        return -1;
    for (;;) {
        pid_t child = fork();
        if (child == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) != 0);
        }
        if (child < 0) {
            error = errno;
            break;
        }
        count++;
    }
    printf("forks %d errno %d\n", count, error);
    fflush(stdout);
    close(gate[1]);
    close(gate[0]);
    for (int status, left = count; left > 0; left--)
        if (wait(&status) < 0 || status != 0)
            return -1;
    return count;
}

static int forks(void)
{
    int first = fork_all(), second = fork_all();
    return first > 0 && second >= first / 2 ? 0 : 1;
}

static void say(const char *what)
{
    printf("%s\n", what);
    fflush(stdout);
}

static int fails(const char *what, const char *path)
{
    printf("tree FAIL %s %s: %s\n", what, path, strerror(errno));
    return 1;
}

static const char *path_of(const char *folder, char letter, long number)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%c%ld", folder, letter, number);
    return path;
}

/* Every seventh file has contents. */
static int make_files(const char *folder, long count)
{
    for (long number = 0; number < count; number++) {
        const char *path = path_of(folder, 'f', number);
        int file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
        if (file < 0 || (number % 7 == 0 && write(file, &number, sizeof number) != sizeof number) || close(file) != 0)
            return fails("make", path);
    }
    return 0;
}

/* Names come and go, until it is killed. */
static void disturb(const char *folder)
{
    for (long number = 0;; number++) {
        int file = open(path_of(folder, 'x', number), O_CREAT | O_WRONLY, 0600);
        if (file < 0 || close(file) != 0 || unlink(path_of(folder, 'x', number)) != 0)
            _exit(1);
        usleep(2000);
    }
}

/* Each name that begins with the letter is there once. */
static int list(const char *folder, char letter, long count, long expected)
{
    unsigned char *seen = calloc(count / 8 + 1, 1);
    DIR *directory = opendir(folder);
    struct dirent *entry;
    long found = 0;
    if (!seen || !directory)
        return fails("list", folder);
    for (errno = 0; (entry = readdir(directory)) != NULL; errno = 0) {
        if (entry->d_name[0] != letter)
            continue;
        long number = atol(entry->d_name + 1);
        if (number < 0 || number >= count || (seen[number / 8] >> number % 8 & 1))
            return fails("list twice", entry->d_name);
        seen[number / 8] |= 1 << number % 8;
        found++;
    }
    int error = errno;
    closedir(directory);
    free(seen);
    errno = error;
    return error || found != expected ? fails("list count", folder) : 0;
}

/* In no order that the names lie in. */
static int look_up(const char *folder, long count)
{
    for (long step = 0; step < count; step++) {
        long number = step * 7919 % count, contents = number;
        const char *path = path_of(folder, 'f', number);
        struct stat about;
        if (stat(path, &about) != 0 || about.st_size != (number % 7 == 0 ? (long)sizeof number : 0))
            return fails("look", path);
        if (number % 777 == 0) {
            int file = open(path, O_RDONLY);
            if (file < 0 || read(file, &contents, sizeof contents) < 0 || contents != number || close(file) != 0)
                return fails("read", path);
        }
        if (step % 100 == 0 && (stat(path_of(folder, 'n', number), &about) == 0 || errno != ENOENT))
            return fails("absent", path);
    }
    return 0;
}

static int rename_some(const char *folder, long count)
{
    char from[256];
    for (long number = 0; number < count; number += 16) {
        strcpy(from, path_of(folder, 'f', number));
        if (rename(from, path_of(folder, 'r', number)) != 0)
            return fails("rename", from);
    }
    return 0;
}

static int remove_half(const char *folder, long count, long first)
{
    for (long number = first; number < count; number += 2) {
        const char *path = path_of(folder, number % 16 == 0 ? 'r' : 'f', number);
        if (unlink(path) != 0)
            return fails("remove", path);
    }
    return 0;
}

static int tree(const char *folder, long count)
{
    long renamed = (count + 15) / 16;
    int status;
    if (mkdir(folder, 0700) != 0 || make_files(folder, count) != 0)
        return 1;
    say("made");
    int child = fork();
    if (child == 0)
        disturb(folder);
    if (list(folder, 'f', count, count) != 0)
        return 1;
    say("listed");
    if (look_up(folder, count) != 0 || rename_some(folder, count) != 0)
        return 1;
    say("renamed");
    if (list(folder, 'r', count, renamed) != 0 || list(folder, 'f', count, count - renamed) != 0)
        return 1;
    if (remove_half(folder, count, 1) != 0 || list(folder, 'f', count, count - count / 2 - renamed) != 0)
        return 1;
    say("half removed");
    if (remove_half(folder, count, 0) != 0 || list(folder, 'f', count, 0) != 0)
        return 1;
    if (kill(child, SIGKILL) != 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        return fails("disturb", folder);
    for (DIR *directory = opendir(folder); directory;) {
        struct dirent *entry = readdir(directory);
        if (!entry) {
            closedir(directory);
            break;
        }
        if (entry->d_name[0] == 'x')
            unlink(path_of(folder, 'x', atol(entry->d_name + 1)));
    }
    if (rmdir(folder) != 0)
        return fails("rmdir", folder);
    say("tree ok");
    return 0;
}

static int links(const char *folder, int most)
{
    static char target[4096], found[4096];
    char path[256];
    int count = 0;
    memset(target, 'a', 4095);
    for (errno = 0; count < most; count++) {
        snprintf(path, sizeof path, "%s/%d", folder, count);
        memcpy(target + 4000, path, strlen(path));
        if (symlink(target, path) != 0)
            break;
    }
    printf("links %d errno %d\n", count, errno);
    fflush(stdout);
    for (int index = 0; index < count; index++) {
        snprintf(path, sizeof path, "%s/%d", folder, index);
        memset(target + 4000, 'a', 95);
        memcpy(target + 4000, path, strlen(path));
        if (readlink(path, found, sizeof found) != 4095 || memcmp(found, target, 4095) != 0) {
            printf("links FAIL %d\n", index);
            return 1;
        }
    }
    for (int index = 0; index < count; index++) {
        snprintf(path, sizeof path, "%s/%d", folder, index);
        if (unlink(path) != 0)
            return 1;
    }
    printf("links ok\n");
    return 0;
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "live") && (count == 4 || count == 5))
        return live(strtoul(arguments[2], NULL, 0) << 8, strtoul(arguments[3], NULL, 0), count == 5 ? strtoul(arguments[4], NULL, 0) : 0);
    if (!strcmp(what, "hog"))
        return hog(PAGE);
    if (!strcmp(what, "sparse"))
        return hog(2ul << 20);
    if (!strcmp(what, "forks"))
        return forks();
    if (!strcmp(what, "tree") && count == 4)
        return tree(arguments[2], strtol(arguments[3], NULL, 0));
    if (!strcmp(what, "links") && count == 4)
        return links(arguments[2], atoi(arguments[3]));
    if (!strcmp(what, "pieces") && count == 3)
        return pieces(strtoul(arguments[2], NULL, 0));
    fprintf(stderr, "usage: pressure live MIB ROUNDS [US] | hog | sparse | forks | tree FOLDER N | links FOLDER N | pieces N\n");
    return 2;
}
