/*
 * settle.h
 *		Work that row triggers gather and the end of the statement settles.
 *
 * AFTER ROW triggers only remember what happened; the AFTER STATEMENT trigger
 * then locks all touched customers in id order, writes once per customer and
 * decides.  That makes a bulk load fast, and a statement cannot deadlock with
 * itself.  What no statement trigger settles (a partition written directly)
 * is settled before commit; what a rolled-back subtransaction gathered is
 * forgotten with it.
 */
#ifndef SETTLE_H
#define SETTLE_H

#include "cc_compat.h"

typedef struct SettleBatch SettleBatch;

/* One concept that gathers work: what its state is, and how to settle it. */
typedef struct SettleKind
{
	void	   *(*create) (SettleBatch *batch);
	void		(*settle) (SettleBatch *batch);

	/*
	 * Optional: whether the batch, its work settled, still knows something
	 * that the rest of its statement needs.
	 */
	bool		(*keep) (SettleBatch *batch);
} SettleKind;

struct SettleBatch
{
	const SettleKind *kind;
	Oid			nspoid;			/* the ledger */
	int			nest_level;		/* transaction nesting at which it was gathered */
	int			depth;			/* trigger depth: tells a statement from one inside its triggers */
	bool		settling;		/* being settled now */
	bool		settled;		/* settled in the present round, and kept */
	MemoryContext cxt;			/* lives as long as the batch */
	void	   *state;
};

/* The batch of this kind and ledger for the current statement; made when missing. */
extern SettleBatch *settle_batch(const SettleKind *kind, Oid nspoid);

/* Settle what was gathered for the ledger at the current nesting, in the order it was begun. */
extern void settle_ledger(Oid nspoid);

/* The same at the end of a statement, which then needs nothing kept. */
extern void settle_statement(Oid nspoid);

extern void settle_init(void);

#endif							/* SETTLE_H */
