/* greatest.c - the greatest file: as long as a position can be, with a byte at its end, and none behind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "tap.h"

#define GREATEST LONG_MAX

static long size_of(int file)
{
    struct stat status;
    return fstat(file, &status) ? -1 : status.st_size;
}

static long blocks_of(int file)
{
    struct stat status;
    return fstat(file, &status) ? -1 : status.st_blocks;
}

static void check_size(int file)
{
    CHECK(ftruncate(file, 1L << 62) == 0 && size_of(file) == 1L << 62, "a file of 2^62 bytes");
    CHECK(ftruncate(file, GREATEST) == 0 && size_of(file) == GREATEST, "a file of 2^63 - 1 bytes");
    CHECK_ERRNO(ftruncate(file, -1), EINVAL, "a negative size");
    CHECK(blocks_of(file) == 0, "it takes no space");
    CHECK(lseek(file, 0, SEEK_END) == GREATEST, "its end is a position");
    CHECK_ERRNO(lseek(file, 1, SEEK_END), EINVAL, "there is none behind its end");
    CHECK_ERRNO(lseek(file, 0, SEEK_DATA), ENXIO, "it has no data");
    CHECK(lseek(file, 5, SEEK_HOLE) == 5, "it is one hole");
}

static void check_end(int file)
{
    char byte = 0;
    CHECK(pwrite(file, "x", 1, GREATEST - 1) == 1, "a byte at its end is written");
    CHECK(pread(file, &byte, 1, GREATEST - 1) == 1 && byte == 'x', "and read");
    CHECK(pread(file, &byte, 1, GREATEST - 2) == 1 && byte == 0, "before it is nothing");
    CHECK_ERRNO(pwrite(file, "x", 1, GREATEST), EINVAL, "nothing is written behind");
    CHECK(pread(file, &byte, 0, GREATEST) == 0, "there is nothing to read");
    CHECK(lseek(file, 0, SEEK_END) == GREATEST, "at the end");
    CHECK_ERRNO(write(file, "x", 1), EINVAL, "nothing is written there either");
}

/* Far out, where a search for data must not go page by page. */
static void check_far(int file)
{
    long far = 1L << 62;
    char byte = 0;
    CHECK(ftruncate(file, 0) == 0 && ftruncate(file, GREATEST) == 0 && blocks_of(file) == 0, "it begins anew");
    CHECK(pwrite(file, "x", 1, far) == 1 && blocks_of(file) == 8, "a byte far out takes a page");
    CHECK(pwrite(file, "x", 1, far + (1L << 61)) == 1 && blocks_of(file) == 16, "and one yet further another");
    CHECK(ftruncate(file, far + (1L << 61)) == 0 && blocks_of(file) == 8, "which goes again");
    CHECK(lseek(file, 0, SEEK_DATA) == far, "its data begins there");
    CHECK(lseek(file, far, SEEK_HOLE) == far + 4096, "and ends behind it");
    CHECK_ERRNO(lseek(file, far + 4096, SEEK_DATA), ENXIO, "there is no more");
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, far);
    CHECK(page != MAP_FAILED && page[0] == 'x', "it is mapped");
    if (page != MAP_FAILED)
        page[1] = 'y';
    CHECK(pread(file, &byte, 1, far + 1) == 1 && byte == 'y', "and written there");
    CHECK(ftruncate(file, far) == 0 && blocks_of(file) == 0, "it is cut by a page");
    CHECK(ftruncate(file, GREATEST) == 0 && pread(file, &byte, 1, far) == 1 && byte == 0, "and grows again, with zeroes");
    CHECK(ftruncate(file, 1) == 0 && size_of(file) == 1, "it is cut to a byte");
}

int main(void)
{
    int file = open("greatest", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0, "a file");
    check_size(file);
    check_end(file);
    check_far(file);
    close(file);
    unlink("greatest");
    return tap_done();
}
