/*
 * ledger.h
 *		A ledger as C code sees it: its schema, its kept plans, its owner's rights.
 *
 * A ledger is one schema of ordinary tables.  C code never names a schema: it
 * gets the ledger from its trigger's relation or from an argument.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "cc_compat.h"

#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/relcache.h"

/* The template that this code works with; credit.template_version() says the same. */
#define LEDGER_TEMPLATE_VERSION 2

/* Every statement the kernel runs on a ledger; the texts are in ledger.c. */
typedef enum LedgerQuery
{
	LQ_LEDGER_INFO,
	LQ_CLOSED_THROUGH,
	LQ_CUSTOMER_ADD,
	LQ_CUSTOMER_ADD_MANY,
	LQ_CUSTOMER_TERMS,
	LQ_DOCUMENT_REVERSED,
	LQ_UNCLEARED_OF,
	LQ_FX_RATE,
	LQ_FX_VALUE,
	LQ_ITEM_ADD,
	LQ_ITEM_ADD_MANY,
	LQ_ITEM_FACTS,
	LQ_RESERVATION,
	LQ_ITEM_READ,
	LQ_ITEM_WRITE,
	LQ_ITEM_LABEL,
	LQ_ALLOCATION_READ,
	LQ_DIFFERENCE_READ,
	LQ_DIFFERENCE_ADD,
	LQ_EXPOSURE_LOCK,
	LQ_EXPOSURE_READ,
	LQ_EXPOSURE_POST,
	LQ_EXPOSURE_CHAIN,
	LQ_EXPOSURE_ORDER,
	LQ_EXPOSURE_ORDER_OTHER,
	LQ_SCHEDULE_ADD,
	LQ_SCHEDULE_DROP,
	LQ_SCHEDULE_BEYOND,
	LQ_LEFT_OUT,
	LQ_ORDER_RELEASED,
	LQ_POLICIES_EXIST,
	LQ_EXPOSURE_POST_OTHER,
	LQ_EXPOSURE_OTHER,
	LQ_UNCLEARED,
	LQ_DEPOSITS,
	LQ_HOLDS,
	LQ_LIMIT_READ,
	LQ_OLDEST_DUE,
	LQ_OLDEST_DUE_BY_POLICY,
	LQ_RULES_READ,
	LQ_EXCLUSIONS_READ,
	LQ_ANCESTORS,
	LQ_RISK_CLASS,
	LQ_RULE_FIGURE,
	LQ_GROUPS_EXIST,
	LQ_GROUP_LOCK,
	LQ_GROUP_MEMBERS,
	LQ_GROUP_LIMITS,
	LQ_DECISION_ADD,
	LQ_WATCHED_TABLES,
	LQ_WATCHED_READ,
	LQ_COUNT
} LedgerQuery;

typedef struct Ledger
{
	Oid			nspoid;			/* hash key: the ledger's schema */
	NameData	name;			/* its name when the plans were made */
	char		base_currency[4];
	int			base_scale;		/* minor unit of base_currency */
	pg_tz	   *time_zone;		/* whose calendar says what day it is */
	SPIPlanPtr	plans[LQ_COUNT];

	/* The last closed day, read again after any change to the table. */
	bool		closed_valid;
	uint64		closed_changes; /* counts invalidations, also while reading */
	DateADT		closed_through;
	Oid			info_relid;

	/* Check rules, read again after any change to the table. */
	bool		rules_valid;
	uint64		rules_changes;	/* counts invalidations, also while reading */
	Oid			rules_relid;
	MemoryContext rules_cxt;
	List	   *rules;			/* of CheckRule, in rule_no order */
	bool		has_groups;		/* some customer is in a group; read with the rules */
	bool		has_policies;	/* there is an exposure policy; read with the rules */
} Ledger;

/* What ledger_enter() changed and ledger_leave() puts back. */
typedef struct LedgerScope
{
	Oid			userid;
	int			sec_context;
	int			guc_level;
} LedgerScope;

/*
 * The ledger in schema `nspoid`, usable until the end of the statement.
 * Error 42P01 with a hint if the schema holds no ledger.
 */
extern Ledger *ledger_open(Oid nspoid);

/*
 * The ledger that a trigger's relation is a table of.  Error 42501 unless it
 * belongs to the ledger's owner: a trigger acts with that owner's rights, and
 * whoever may create tables in the schema must not borrow them.
 */
extern Ledger *ledger_of_table(Relation rel);

/* The ledger in the schema called `name`. */
extern Ledger *ledger_by_name(const char *name);

/* The ledger's owner: of the table that every writer locks. */
extern Oid	ledger_owner(Ledger *ledger);

/* Code of the ledger's base currency. */
extern const char *ledger_base_currency(Oid nspoid);

/*
 * The business date: the day on which the statement began, in the ledger's
 * time zone.  Neither the session's TimeZone nor a transaction left open over
 * midnight moves a limit's last day.
 */
extern DateADT ledger_today(Ledger *ledger);

/*
 * Connect SPI and pin search_path.  With as_owner, run as the owner of the
 * ledger's tables, the way a foreign key checks its table; only trigger
 * functions may ask for that, since anyone can call a plain function.
 */
extern void ledger_enter(Ledger *ledger, bool as_owner, LedgerScope *scope);
extern void ledger_leave(LedgerScope *scope);

/*
 * Run a statement inside ledger_enter().  Returns the number of rows; they
 * are read with ledger_value() until the next call.  Reads see a fresh snapshot (READ COMMITTED), so what
 * is read after a lock is current.
 */
extern uint64 ledger_run(Ledger *ledger, LedgerQuery query,
						 Datum *values, const char *nulls);

/* Column `col` (from 1) of row `row` of the last result. */
extern Datum ledger_value(uint64 row, int col, bool *isnull);

#endif							/* LEDGER_H */
