/* prims_files.h - primitives of names and of a file whose contents are in memory. */
#ifndef BENCH_PRIMS_FILES_H
#define BENCH_PRIMS_FILES_H

#include "prims_switches.h"
#include <fcntl.h>
#include <sys/stat.h>

enum { FILE_PAGES = 256 };
#define PATH_OF_FIVE "p/q/r/s/file"
#define PATH_OF_NEW "p/q/r/s/new"

static int file;

/* Names. The folders and the file are there before anything is measured. */
static void make_names(void)
{
    mkdir("p", 0755);
    mkdir("p/q", 0755);
    mkdir("p/q/r", 0755);
    mkdir("p/q/r/s", 0755);
    int made = open(PATH_OF_FIVE, O_CREAT | O_RDWR, 0644);
    require(made >= 0, PATH_OF_FIVE);
    close(made);
}

static void stat_5(long i)
{
    struct stat status;
    (void)i;
    require(stat(PATH_OF_FIVE, &status) == 0, "stat");
}

static void open_close_5(long i)
{
    (void)i;
    close(open(PATH_OF_FIVE, O_RDONLY));
}

static void create_unlink(long i)
{
    (void)i;
    close(open(PATH_OF_NEW, O_CREAT | O_RDWR, 0644));
    require(unlink(PATH_OF_NEW) == 0, "unlink");
}

static void create_write_unlink(long i)
{
    (void)i;
    int made = open(PATH_OF_NEW, O_CREAT | O_RDWR, 0644);
    require(write(made, block, PAGE) == (ssize_t)PAGE, "write");
    close(made);
    require(unlink(PATH_OF_NEW) == 0, "unlink");
}

static void rename_pair(long i)
{
    (void)i;
    require(rename(PATH_OF_FIVE, PATH_OF_NEW) == 0 && rename(PATH_OF_NEW, PATH_OF_FIVE) == 0, "rename");
}

/* A file of a mebibyte that is in memory. */
static void begin_file(void)
{
    file = open("data", O_RDWR | O_CREAT, 0644);
    require(file >= 0, "data");
    for (long page = 0; page < FILE_PAGES; page++)
        require(pwrite(file, block, PAGE, page * (long)PAGE) == (ssize_t)PAGE, "pwrite");
}

static void begin_empty_file(void)
{
    file = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
    require(file >= 0, "data");
}

static void end_file(void)
{
    close(file);
}

static void pread_4k(long i)
{
    require(pread(file, block, PAGE, i % FILE_PAGES * (long)PAGE) == (ssize_t)PAGE, "pread");
}

static void pwrite_4k(long i)
{
    require(pwrite(file, block, PAGE, i % FILE_PAGES * (long)PAGE) == (ssize_t)PAGE, "pwrite");
}

static void append_4k(long i)
{
    (void)i;
    require(write(file, block, PAGE) == (ssize_t)PAGE, "write");
}

static void fstat_file(long i)
{
    struct stat status;
    (void)i;
    fstat(file, &status);
}

static void seek_file(long i)
{
    lseek(file, i, SEEK_SET);
}

#endif
