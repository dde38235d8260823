/* tap.h - what the guest test programs share. A program prints one line per check, "ok N - what" or "not ok N - what (detail)", then
 * "1..N", and exits 0 when all were ok. The same program runs on Linux and on Aurora; Linux's answers are the right ones. */
#ifndef TAP_H
#define TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int tap_count, tap_failed;

/* Prints one result. The detail is shown for failures only. */
static inline void tap_result(int ok, const char *detail, const char *format, ...)
{
    char what[256];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    tap_count++;
    if (!ok)
        tap_failed++;
    printf("%sok %d - %s%s%s%s\n", ok ? "" : "not ", tap_count, what, ok ? "" : " (", ok ? "" : detail, ok ? "" : ")");
    fflush(stdout);
}

/* A condition, with errno as the detail. */
#define CHECK(condition, ...) \
    do { \
        errno = 0; \
        int tap_ok = !!(condition); \
        char tap_detail[320]; \
        snprintf(tap_detail, sizeof tap_detail, "%s:%d: %s; errno %d %s", __FILE__, __LINE__, #condition, errno, strerror(errno)); \
        tap_result(tap_ok, tap_detail, __VA_ARGS__); \
    } while (0)

/* A call that must fail with one errno. */
#define CHECK_ERRNO(call, expected, ...) \
    do { \
        errno = 0; \
        long tap_value = (long)(call); \
        char tap_detail[320]; \
        snprintf(tap_detail, sizeof tap_detail, "%s:%d: %s returned %ld, errno %d %s", __FILE__, __LINE__, #call, tap_value, errno, strerror(errno)); \
        tap_result(tap_value == -1 && errno == (expected), tap_detail, __VA_ARGS__); \
    } while (0)

/* Ends the program: the plan, and the exit status. */
static inline int tap_done(void)
{
    printf("1..%d\n", tap_count);
    fflush(stdout);
    return tap_failed != 0;
}

/* The number in a file, -1 if there is none: a setting in /proc/sys. */
static inline long setting(const char *path)
{
    FILE *file = fopen(path, "r");
    long value = -1;
    if (file == NULL || fscanf(file, "%ld", &value) != 1)
        value = -1;
    if (file)
        fclose(file);
    return value;
}

#endif
