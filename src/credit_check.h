/*
 * credit_check.h
 *		Checking an order against the rules, and the decision that results.
 */
#ifndef CREDIT_CHECK_H
#define CREDIT_CHECK_H

#include "cc_compat.h"

#include "exposure.h"
#include "ledger.h"
#include "order_deposit.h"
#include "order_schedule.h"

/* In order of strictness: the strictest rule decides. */
typedef enum Outcome
{
	OUTCOME_APPROVE,
	OUTCOME_WARN,
	OUTCOME_HOLD,
	OUTCOME_REJECT
} Outcome;

/* In the order of rule_kinds in credit_check.c */
typedef enum RuleKind
{
	RULE_MANUAL_HOLD,
	RULE_LIMIT_MISSING,
	RULE_LIMIT_USE,
	RULE_OLDEST_OVERDUE,
	RULE_DOCUMENT_VALUE,
	RULE_HORIZON_USE,
	RULE_CUSTOMER_STATUS,
	RULE_BY_FIGURE,				/* the first whose figure the ledger's rule_figure() measures */
	RULE_GROUP_LIMIT = RULE_BY_FIGURE + 13,	/* no rule of its own: limit_use, where a group limit is exceeded */
	RULE_NONE					/* no rule is in force: nobody approved */
} RuleKind;

typedef enum Breaks
{
	BREAKS_ABOVE,				/* the figure is above the threshold */
	BREAKS_BELOW,
	BREAKS_WITHIN,				/* not above: so many days ago, or ahead */
	BREAKS_FOUND				/* there is a figure, and it is above nothing */
} Breaks;

typedef struct RuleKindInfo
{
	const char *name;			/* as in check_rule.kind */
	Breaks		breaks;
	bool		may_be_unknown; /* without a figure the rule's when_unknown counts; of other kinds there is nothing to measure */
} RuleKindInfo;

/* By RuleKind */
extern const RuleKindInfo rule_kinds[];

/* A row of check_rule */
typedef struct CheckRule
{
	int			rule_no;
	int			kind;			/* RuleKind */
	int128		threshold;		/* percent, days or amount, at its own scale */
	int			threshold_scale;
	Outcome		action;
	Outcome		when_unknown;	/* in place of action, where there is no figure */
	bool		for_one_customer;
	int64		customer_id;
	char	   *risk_class;		/* NULL: every one */
	bool		for_group;
	int64		group_id;		/* it, and all below it */
	int			grace_days;
	bool		net_of_unapplied;
	int			horizon_days;	/* horizon_use: orders to ship later do not count */
	DateADT		valid_from;
	DateADT		valid_to;
	List	   *exclusions;		/* of CheckExclusion, those for one customer first */
} CheckRule;

/* A row of check_exclusion */
typedef struct CheckExclusion
{
	bool		for_one_customer;
	int64		customer_id;
	char	   *risk_class;
	bool		spared;			/* the rule does not count */
	int128		threshold;
	int			threshold_scale;
	DateADT		valid_from;
	DateADT		valid_to;
} CheckExclusion;

/* A limit that the customer shares with others */
typedef struct GroupLimit
{
	int64		group_id;
	int128		limit_amount;	/* base currency units */
	int128		others;			/* what the other members use of it */
} GroupLimit;

typedef struct CreditCheck
{
	int64		customer_id;
	const char *source;			/* "shop.orders", or "check_credit" */
	const char *order_id;		/* NULL when unknown */
	int128		amount;			/* order, or its increase, in base currency units */
	Exposure	exposure;		/* before the order; the check adds other currencies and what has not cleared, and
								 * takes off what deposits for other orders cover */
	bool		shipment;		/* asked before goods leave, not for a new order */
	const char *currency;		/* of the order; NULL: it is none of a table */
	int			scale;
	int128		order_amount;	/* the whole order, in units of its currency, */
	int128		order_value;	/* and of the base currency */
	List	   *deposits;		/* of OrderDeposit: all of the customer's, with what their orders count before this one */
	DateADT		ship_date;		/* of the order, or NO_SHIP_DATE */
	int128		scheduled;		/* what table order_schedule has of it already, base currency units, */
	DateADT		scheduled_on;	/* and on which day */
	List	   *coming;			/* of ScheduledDay: what the statement brought before, which is not written yet */
	bool		rescheduled;	/* it grows by nothing but ships earlier: only horizons count */
	Outcome		outcome;
	int128		deposit;		/* what the one for this order takes off, in base currency units */
	int			decisive;			/* the rule that decided, unless approved */
	int128		shortfall;		/* base currency units by which the limit is exceeded, or 0; a
								 * mere warning does not count */
	int			decisive_rule_no;
	bool		spared;			/* by an exclusion from a rule */
	bool		needs_no_limit; /* spared from limit_missing */
	bool		class_known;	/* risk_class was read */
	char	   *risk_class;		/* NULL: none */
	bool		ancestors_known;	/* ancestors were read */
	List	   *ancestors;		/* of int64 *: all above the customer */
	int64		group_id;		/* the group whose limit is exceeded, if `decisive` is RULE_GROUP_LIMIT */
	List	   *groups;			/* of GroupLimit; NIL until the check reads them */
	char	   *checks;			/* JSON array: every rule evaluated, with its figures */
} CreditCheck;

/*
 * The ledger's rules (list of CheckRule), kept until one changes.  For
 * triggers, which read them with the owner's rights.
 */
extern List *credit_rules(Ledger *ledger);

/* The same, read with the rights and into the context of the moment. */
extern List *credit_read_rules(Ledger *ledger);

/*
 * Evaluate rules, inside ledger_enter().  The caller fills the fields above
 * `outcome`; exposure must have been read after the customer was locked if
 * the answer is to bind.
 */
extern void credit_check(Ledger *ledger, List *rules, CreditCheck *check);

/*
 * The group limits that an order of this customer must respect, the widest
 * first, to be read once per statement, after the groups were locked.
 */
extern List *credit_group_limits(Ledger *ledger, const Exposure *exposure);

/* Store the decision. */
extern void credit_check_record(Ledger *ledger, const CreditCheck *check);

/* Refuse the order: RC001 or RC002, the whole decision as JSON in the detail. */
extern void credit_check_refuse(Ledger *ledger, const CreditCheck *check) pg_attribute_noreturn();

extern const char *outcome_name(Outcome outcome);

#endif							/* CREDIT_CHECK_H */
