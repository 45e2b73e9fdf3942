/*
 * columns.c
 *		Column numbers of a trigger's relation, by name, kept per relation.
 */
#include "cc_compat.h"

#include "executor/spi.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/rel.h"

#include "columns.h"

typedef struct ColumnKey
{
	const ColumnSet *set;
	Oid			relid;
} ColumnKey;

typedef struct ColumnEntry
{
	ColumnKey	key;
	bool		valid;
	AttrNumber	attnums[COLUMNS_MAX];
} ColumnEntry;

static HTAB *column_cache = NULL;

static void
columns_inval_callback(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS seq;
	ColumnEntry *entry;

	(void) arg;
	hash_seq_init(&seq, column_cache);
	while ((entry = hash_seq_search(&seq)) != NULL)
		if (relid == InvalidOid || relid == entry->key.relid)
			entry->valid = false;
}

const AttrNumber *
columns_of(Relation rel, const ColumnSet *set)
{
	ColumnKey	key;
	ColumnEntry *entry;
	bool		found;

	if (column_cache == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(ColumnKey), .entrysize = sizeof(ColumnEntry)};

		column_cache = hash_create("credit_control columns", 16, &ctl, HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(columns_inval_callback, (Datum) 0);
	}

	/* Padding is part of a blob key. */
	memset(&key, 0, sizeof(key));
	key.set = set;
	key.relid = RelationGetRelid(rel);
	entry = hash_search(column_cache, &key, HASH_ENTER, &found);
	if (!found)
		entry->valid = false;
	if (!entry->valid)
	{
		for (int i = 0; i < set->n; i++)
		{
			int			attnum = SPI_fnumber(RelationGetDescr(rel), set->names[i]);

			if (attnum <= 0)
				ereport(ERROR,
						(errcode(ERRCODE_UNDEFINED_COLUMN),
						 errmsg("table \"%s\" has no column \"%s\"",
								RelationGetRelationName(rel), set->names[i]),
						 errhint("credit.check_ledger() compares a ledger with its template.")));
			entry->attnums[i] = attnum;
		}
		entry->valid = true;
	}
	return entry->attnums;
}
