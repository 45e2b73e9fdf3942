/*
 * chain.h
 *		The audit chain: digests of the rows that auditors read.
 *
 * Every statement that adds to a customer's history adds one link to the
 * customer's chain; the head is in the exposure row, which is locked anyway.
 * A link names its rows and hashes their digests and the link before.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include "cc_compat.h"

#include "executor/tuptable.h"

#include "columns.h"

typedef struct ChainDigest
{
	uint8		bytes[32];		/* SHA-256 */
} ChainDigest;

/*
 * The columns of a chained table that its digests cover, in their order: the
 * customer first, then the row's key.  NULL if there is no such table.
 */
extern const ColumnSet *chain_columns(const char *source);

/* Digest of one row: the table's name, then the values of its columns. */
extern void chain_entry_digest(const char *source, const AttrNumber *cols, int ncols,
							   TupleTableSlot *slot, ChainDigest *digest);

/* Digest of a link's rows: what the head is hashed with. */
extern void chain_link_digest(const ChainDigest *entries, int64 n, ChainDigest *digest);

#endif							/* CHAIN_H */
