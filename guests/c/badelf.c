/* badelf.c - damaged programs. Each damage is applied to a copy of this very program, which is then executed in a child. Damage Linux
 * refuses must be refused with the same errno; for the rest, and for random damage, any end of the child is right, but it must have one,
 * and the parent must live to see it. */
#define _GNU_SOURCE
#include "tap.h"
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define COPY "/tmp/badelf.copy"
enum { ANY = -1, RUNS = 0, REFUSED = 100, RANDOM_CASES = 40, SECONDS = 10 };

static char *image;
static size_t image_size;

static void load(void)
{
    struct stat status;
    int fd = open("/proc/self/exe", O_RDONLY);
    fstat(fd, &status);
    image_size = status.st_size;
    image = malloc(image_size);
    for (size_t done = 0; done < image_size;)
        done += read(fd, image + done, image_size - done);
    close(fd);
}

static void store(size_t size)
{
    unlink(COPY);
    int fd = open(COPY, O_CREAT | O_WRONLY | O_TRUNC, 0700);
    for (size_t done = 0; done < size;) {
        ssize_t count = write(fd, image + done, size - done);
        if (count <= 0)
            break;
        done += count;
    }
    close(fd);
}

/* Runs the copy: REFUSED + errno when exec failed, else the exit code, else 200 + the signal. */
static int run(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {SECONDS, SECONDS};
        setrlimit(RLIMIT_CPU, &limit);
        alarm(SECONDS);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execl(COPY, "badelf", "child", NULL);
        _exit(REFUSED + errno);
    }
    if (waitpid(pid, &status, 0) != pid)
        return -2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

static Elf64_Ehdr *header(void)
{
    return (Elf64_Ehdr *)image;
}

static Elf64_Phdr *first(unsigned type)
{
    Elf64_Phdr *entry = (Elf64_Phdr *)(image + header()->e_phoff);
    for (int i = 0; i < header()->e_phnum; i++, entry++)
        if (entry->p_type == type)
            return entry;
    return NULL;
}

static void attempt(int expected, const char *what, size_t size)
{
    char detail[64];
    store(size);
    int end = run();
    snprintf(detail, sizeof detail, "ended with %d, not %d", end, expected);
    tap_result(expected == ANY ? end >= 0 : end == expected, detail, "%s", what);
}

/* Applies one damage to a field, tries it, and mends the field. */
#define DAMAGE(field, value, expected, what) \
    do { \
        __typeof__(field) kept = field; \
        field = value; \
        attempt(expected, what, image_size); \
        field = kept; \
    } while (0)

static void headers(void)
{
    Elf64_Ehdr *elf = header();
    attempt(RUNS, "the undamaged copy runs", image_size);
    attempt(REFUSED + ENOEXEC, "an empty file", 0);
    attempt(REFUSED + ENOEXEC, "half a header", 32);
    DAMAGE(elf->e_ident[0], 0, REFUSED + ENOEXEC, "no magic");
    DAMAGE(elf->e_type, ET_REL, REFUSED + ENOEXEC, "an object file");
    DAMAGE(elf->e_machine, EM_AARCH64, REFUSED + ENOEXEC, "another processor's program");
    DAMAGE(elf->e_phentsize, 32, REFUSED + ENOEXEC, "program headers of a strange size");
    DAMAGE(elf->e_phnum, 0, REFUSED + ENOEXEC, "no program headers");
    DAMAGE(elf->e_phnum, 65535, REFUSED + ENOEXEC, "too many program headers");
    DAMAGE(elf->e_phoff, image_size - 8, ANY, "program headers across the end");
    DAMAGE(elf->e_phoff, 0xffffffffffffff00ul, ANY, "program headers at the end of the number line");
    DAMAGE(elf->e_entry, 0, ANY, "an entry at zero");
    DAMAGE(elf->e_entry, 0xffffffff80000000ul, ANY, "an entry in the kernel");
    DAMAGE(elf->e_entry, 0x8000000000000000ul, ANY, "a non-canonical entry");
}

static void segments(void)
{
    Elf64_Phdr *load = first(PT_LOAD);
    DAMAGE(load->p_vaddr, 0xffffffff80000000ul, ANY, "a segment in the kernel");
    DAMAGE(load->p_vaddr, 0x7ffffffff000ul, ANY, "a segment at the end of user space");
    DAMAGE(load->p_vaddr, 0, ANY, "a segment at zero");
    DAMAGE(load->p_vaddr, load->p_vaddr + 8, ANY, "a segment whose address and offset disagree");
    DAMAGE(load->p_filesz, load->p_memsz + 4096, ANY, "more file than memory");
    DAMAGE(load->p_filesz, 0x7fffffffffffffff, ANY, "a segment larger than the file");
    DAMAGE(load->p_memsz, 0xffffffffffffffff, ANY, "a segment larger than memory");
    DAMAGE(load->p_memsz, 0x7fffffffff000000, ANY, "a segment that wraps around");
    DAMAGE(load->p_offset, 0xfffffffffffff000ul, ANY, "a segment from beyond the file");
    DAMAGE(load->p_flags, 0, ANY, "a segment without permissions");
    DAMAGE(load->p_type, PT_INTERP, ANY, "an interpreter that is no path");
    DAMAGE(load->p_align, 3, ANY, "a crooked alignment");
    attempt(ANY, "the first page only", 4096);
    attempt(ANY, "half the file", image_size / 2);
}

static void random_damage(void)
{
    uint64_t state = 88172645463325252ull;
    int ends = 0;
    for (int i = 0; i < RANDOM_CASES; i++) {
        size_t places[4];
        char kept[4];
        for (int j = 0; j < 4; j++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            places[j] = state % (sizeof(Elf64_Ehdr) + header()->e_phnum * sizeof(Elf64_Phdr));
            kept[j] = image[places[j]];
            image[places[j]] = (char)(state >> 32);
        }
        store(image_size);
        ends += run() >= 0;
        for (int j = 3; j >= 0; j--)
            image[places[j]] = kept[j];
    }
    tap_result(ends == RANDOM_CASES, "a child had no end", "%d programs with random headers", RANDOM_CASES);
}

int main(int count, char **words)
{
    if (count > 1)
        return strcmp(words[1], "child") != 0;
    load();
    headers();
    segments();
    random_damage();
    attempt(RUNS, "the undamaged copy still runs", image_size);
    unlink(COPY);
    return tap_done();
}
