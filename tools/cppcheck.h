/*
 * cppcheck.h
 *		What cppcheck must know of PostgreSQL, whose own headers it cannot digest: above all that ereport(ERROR) does
 *		not return.
 */
#define PG_VERSION_NUM 180000
#define HAVE_INT128 1
#define ERROR 21
#define ereport(level, ...) do { if ((level) >= ERROR) abort(); } while (0)
#define elog(level, ...) ereport(level, __VA_ARGS__)
#define pg_unreachable() abort()
