/*
 * columns.h
 *		Column numbers of a trigger's relation, by name, kept per relation.
 *
 * A ledger's tables are ordinary: users may add and drop columns, and
 * partitions may have them in another order, so numbers are never assumed.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "cc_compat.h"

#include "access/attnum.h"
#include "utils/relcache.h"

#define COLUMNS_MAX 32

/* The columns one trigger function needs; static, one per function. */
typedef struct ColumnSet
{
	int			n;
	const char *names[COLUMNS_MAX];
} ColumnSet;

/*
 * Numbers of the set's columns in `rel`, valid until the next call.
 * Error 42703 naming the first that is missing.
 */
extern const AttrNumber *columns_of(Relation rel, const ColumnSet *set);

#endif							/* COLUMNS_H */
