/* sqlscripts.c - runs the scripts of guests/sqlite/scripts, which are in the program, each against a new database, and says of each as TAP
 * whether all of its records hold.
 *
 *   sqlscripts                    in a region
 *   sqlscripts --file PATH        in a file, by SQLite's own VFS: what the scripts expect is what SQLite does there
 *   ... [SCRIPT]                  that script of those alone
 *
 * A script has the format of sqllogictest (script.h), and one thing more: "reconnect" closes the database and opens it again. At its end
 * the database has to be sound. */
#define _GNU_SOURCE
#include "../msnapvfs.h"
#include "../../c/tap.h"
#include "script.h"
#include <unistd.h>

/* The assembler takes the file as it is; the build tells it the folder. */
#define SCRIPT(name) \
    __asm__(".section .rodata\n.global script_" #name "\nscript_" #name ":\n.incbin \"" #name ".test\"\n.byte 0\n.text\n"); \
    extern const char script_##name[];
#define SCRIPTS(each) each(inserts) each(joins) each(aggregates) each(transactions) each(triggers) each(foreign_keys) each(views) \
    each(indexes) each(tables_in_with) each(windows) each(upserts) each(blobs) each(collations) each(vacuums) each(shop)
SCRIPTS(SCRIPT)

#define NAMED(name) {#name, script_##name},
static const struct { const char *name, *text; } scripts[] = {SCRIPTS(NAMED)};

static const char *file; /* NULL: a region */

static sqlite3 *open_database(void)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int result = sqlite3_open_v2(file ? file : "sqlscripts", &db, flags, file ? "unix" : MSNAP_VFS);
    if (result == SQLITE_OK)
        return db;
    printf("# open: %s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
    return NULL;
}

static void run_script(const char *name, const char *text)
{
    struct script script = {.at = text, .line = 1, .open = open_database};
    if (file != NULL)
        unlink(file);
    else
        sqlite3_vfs_find(MSNAP_VFS)->xDelete(sqlite3_vfs_find(MSNAP_VFS), "sqlscripts", 0);
    script.db = open_database();
    int failures = script.db == NULL || script_run(&script) != 0;
    CHECK(!failures, "%s: %d records", name, script.records);
    sqlite3_close(script.db);
}

int main(int count, char **arguments)
{
    int next = 1;
    if (msnapvfs_register(0) != SQLITE_OK)
        return 1;
    if (count > 2 && strcmp(arguments[1], "--file") == 0) {
        file = arguments[2];
        next = 3;
    }
    for (unsigned i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (next >= count || strcmp(arguments[next], scripts[i].name) == 0)
            run_script(scripts[i].name, scripts[i].text);
    return tap_done();
}
