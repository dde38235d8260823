/* script.h - runs a script in the format of sqllogictest: records with an empty line between them, of which each is one of
 *
 *   statement ok            the SQL on the lines behind it succeeds
 *   statement error         or fails
 *   query TYPES [SORT]      the SQL up to "----" yields the values behind that, one a line: TYPES has a letter for each column, I for an
 *                           integer, R for a number with three decimals, T for text; NULL, (empty), and @ for what cannot be shown. They
 *                           are compared in their order, or sorted as rows (rowsort) or as values (valuesort)
 *   reconnect               the database is closed and opened again
 *
 * Lines that begin with # are comments. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_VALUES 4000
#define MOST_TEXT 400

struct script {
    const char *at;
    int line, records, failures;
    sqlite3 *db;
    sqlite3 *(*open)(void);
};

static char values[MOST_VALUES][MOST_TEXT];
static int value_count, sorted_columns;

/* The next line, which is cut off the script; NULL at its end. */
static const char *script_line(struct script *script)
{
    static char line[4096];
    if (*script->at == 0)
        return NULL;
    size_t length = strcspn(script->at, "\n");
    snprintf(line, sizeof line, "%.*s", (int)length, script->at);
    script->at += length + (script->at[length] == '\n');
    script->line++;
    return line;
}

static void script_fail(struct script *script, const char *what, const char *detail)
{
    printf("# line %d: %s: %s\n", script->line - 1, what, detail);
    script->failures++;
}

/* The lines up to an empty one, or "----", which is told. */
static int script_sql(struct script *script, char *sql, size_t room)
{
    const char *line;
    size_t used = 0;
    for (sql[0] = 0; (line = script_line(script)) != NULL && line[0] != 0 && strcmp(line, "----") != 0;)
        used += (size_t)snprintf(sql + used, used < room ? room - used : 0, "%s\n", line);
    if (used >= room)
        script_fail(script, "too long", "a record");
    return line != NULL && line[0] != 0;
}

static void take_value(sqlite3_stmt *statement, int column, char type, char *to)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    if (text == NULL)
        strcpy(to, "NULL");
    else if (type == 'I')
        snprintf(to, MOST_TEXT, "%lld", sqlite3_column_int64(statement, column));
    else if (type == 'R')
        snprintf(to, MOST_TEXT, "%.3f", sqlite3_column_double(statement, column));
    else
        snprintf(to, MOST_TEXT, "%s", text[0] ? text : "(empty)");
    for (char *c = to; *c != 0; c++)
        if (*c < ' ' || *c > '~')
            *c = '@';
}

/* What a query yields, in values; NULL, or why it fails. */
static const char *take_values(struct script *script, const char *sql, const char *types)
{
    sqlite3_stmt *statement;
    int result, columns = (int)strlen(types);
    value_count = 0;
    if (sqlite3_prepare_v2(script->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return sqlite3_errmsg(script->db);
    const char *fault = sqlite3_column_count(statement) == columns ? NULL : "another number of columns";
    while (fault == NULL && (result = sqlite3_step(statement)) != SQLITE_DONE) {
        if (result != SQLITE_ROW)
            fault = sqlite3_errmsg(script->db);
        else if (value_count + columns > MOST_VALUES)
            fault = "more values than can be compared";
        for (int i = 0; fault == NULL && i < columns; i++)
            take_value(statement, i, types[i], values[value_count++]);
    }
    sqlite3_finalize(statement);
    return fault;
}

static int compare_rows(const void *a, const void *b)
{
    int result = 0;
    for (int i = 0; result == 0 && i < sorted_columns; i++)
        result = strcmp((const char *)a + i * MOST_TEXT, (const char *)b + i * MOST_TEXT);
    return result;
}

static void sort_values(const char *sort, int columns)
{
    sorted_columns = strcmp(sort, "rowsort") == 0 ? columns : 1;
    if (strcmp(sort, "nosort") != 0)
        qsort(values, (size_t)(value_count / sorted_columns), (size_t)sorted_columns * MOST_TEXT, compare_rows);
}

/* Compares what there is with the lines of the script, up to an empty one. */
static void check_values(struct script *script)
{
    const char *line;
    int at = 0;
    for (; (line = script_line(script)) != NULL && line[0] != 0; at++)
        if (at >= value_count || strcmp(line, values[at]) != 0)
            script_fail(script, line, at < value_count ? values[at] : "there is no such value");
    if (at < value_count)
        script_fail(script, "a value too many", values[at]);
}

static void run_query(struct script *script, const char *head)
{
    static char sql[8192];
    char types[64] = "", sort[64] = "nosort";
    sscanf(head, "query %63s %63s", types, sort);
    int has_values = script_sql(script, sql, sizeof sql);
    const char *fault = take_values(script, sql, types);
    if (fault != NULL)
        script_fail(script, sql, fault);
    sort_values(sort, (int)strlen(types));
    if (has_values)
        check_values(script);
    else
        script_fail(script, sql, "what is expected is not there");
}

static void run_statement(struct script *script, int succeeds)
{
    static char sql[8192];
    script_sql(script, sql, sizeof sql);
    if ((sqlite3_exec(script->db, sql, NULL, NULL, NULL) == SQLITE_OK) != succeeds)
        script_fail(script, sql, succeeds ? sqlite3_errmsg(script->db) : "it does not fail");
}

static void run_record(struct script *script, const char *head)
{
    script->records++;
    if (strcmp(head, "statement ok") == 0 || strcmp(head, "statement error") == 0)
        run_statement(script, strcmp(head, "statement ok") == 0);
    else if (strncmp(head, "query ", 6) == 0)
        run_query(script, head);
    else if (strcmp(head, "reconnect") == 0 && sqlite3_close(script->db) == SQLITE_OK)
        script->db = script->open();
    else
        script_fail(script, head, "cannot be done");
}

/* Runs a script from its beginning; how much of it failed. */
static int script_run(struct script *script)
{
    const char *line;
    while (script->db != NULL && (line = script_line(script)) != NULL)
        if (line[0] != 0 && line[0] != '#')
            run_record(script, line);
    if (script->db == NULL || take_values(script, "pragma integrity_check", "T") != NULL || strcmp(values[0], "ok") != 0)
        script_fail(script, "integrity_check", script->db ? values[0] : "it is not open");
    return script->failures;
}

#endif
