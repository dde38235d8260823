/* msnapfork.c - opened lock files, which children do not keep. A lock is held until nobody has the opening any more, by a descriptor or by
 * memory that shows the file: a child, which may not use its parent's connections, would hold the locks of a parent that has ended. So
 * both end in it. */
#define _GNU_SOURCE
#include "msnapvfs.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;
static struct msnap_file *files;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int failure;

/* files_lock is held. */
static void end(struct msnap_file *file)
{
    if (file->mark != NULL)
        munmap(file->mark, MSNAP_PAGE);
    file->mark = NULL;
    close(file->lock_descriptor);
    file->lock_descriptor = -1;
}

static void before_fork(void) { pthread_mutex_lock(&files_lock); }
static void in_parent(void) { pthread_mutex_unlock(&files_lock); }

static void in_child(void)
{
    for (; files != NULL; files = files->next)
        end(files);
    pthread_mutex_unlock(&files_lock);
}

static void watch(void) { failure = pthread_atfork(before_fork, in_parent, in_child); }

int msnap_watch_forks(void)
{
    pthread_once(&once, watch);
    return failure == 0 ? SQLITE_OK : SQLITE_NOMEM;
}

/* The file with room for the mark; files_lock is held. */
static int show(struct msnap_file *file, const char *path)
{
    struct stat about;
    file->lock_descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->lock_descriptor < 0)
        return -1;
    file->next = files;
    files = file;
    if (fstat(file->lock_descriptor, &about) != 0
        || (about.st_size < MSNAP_PAGE && ftruncate(file->lock_descriptor, MSNAP_PAGE) != 0))
        return -1;
    void *page = mmap(0, MSNAP_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file->lock_descriptor, 0);
    file->mark = page == MAP_FAILED ? NULL : page;
    return page == MAP_FAILED ? -1 : 0;
}

int msnap_lock_file_open(struct msnap_file *file, const char *path)
{
    pthread_mutex_lock(&files_lock);
    int result = show(file, path);
    pthread_mutex_unlock(&files_lock);
    return result;
}

void msnap_lock_close(struct msnap_file *file)
{
    pthread_mutex_lock(&files_lock);
    struct msnap_file **at = &files;
    while (*at != NULL && *at != file)
        at = &(*at)->next;
    if (*at != NULL) {
        *at = file->next;
        end(file);
    }
    pthread_mutex_unlock(&files_lock);
}
