/*
 * terms.h
 *		Payment terms of trade, SQL type credit.payment_terms, and their dates.
 *
 * Terms are a start, from which everything counts, and clauses, each of which
 * makes a date of it: first the cash discounts ("2% until then"), then what is
 * due ("all of it", or the instalments).  "3/10, 2/20, net 45 ROG" starts at
 * the receipt of goods and has three clauses.
 */
#ifndef TERMS_H
#define TERMS_H

#include "cc_compat.h"

#include "fmgr.h"
#include "utils/date.h"

#define TERMS_VERSION			1

#define TERMS_MAX_DISCOUNTS		8
#define TERMS_MAX_INSTALMENTS	36
#define TERMS_MAX_DAYS			3660	/* ten years */
#define TERMS_MAX_MONTHS		120
#define TERMS_MAX_EXTRA			365		/* days of "extra" dating */
#define TERMS_MAX_GRACE			99
#define TERMS_MAX_DENOMINATOR	10000	/* of a share; so percents have two decimals */

/* The last day of a month that counts into it for EOM and prox discounts, unless said. */
#define TERMS_DEFAULT_CUTOFF	25

/* The net date of terms that give a discount only: days after the discount. */
#define TERMS_NET_AFTER_DISCOUNT 20

/* From what day everything counts; the numbers are stored. */
typedef enum TermsStart
{
	TERMS_FROM_INVOICE = 0,
	TERMS_FROM_GOODS = 1,		/* ROG: the goods received */
	TERMS_FROM_SEASON = 2,		/* dating: the next such day of a year */
	TERMS_FROM_EXTRA = 3,		/* so many days after the invoice */
	TERMS_COD = 4,				/* cash on delivery */
	TERMS_CIA = 5,				/* cash in advance */
	TERMS_CWO = 6				/* cash with order */
} TermsStart;

/*
 * A share of the amount, num / den in lowest terms (of a discount: its rate),
 * and a day: the start, plus months, moved as the anchor says, plus days.
 */
typedef struct TermsClause
{
	uint16		num;
	uint16		den;
	int16		days;
	uint8		months;
	uint8		anchor;
} TermsClause;

/* anchor: 0, or 1 to 31 for that day of the month (clamped to its end), or: */
#define TERMS_EOM			32	/* the end of the month */
#define TERMS_ANCHOR_MASK	0x3F
/* ... and with this bit the days are added first, and the anchor then applies. */
#define TERMS_DAYS_FIRST	0x40

/*
 * The SQL type.  Its storage is plain: it has no short header and is never
 * toasted, so that a date costs no copy.  16 bytes with one clause, 8 for each
 * further one; how many clauses there are follows from the size.  Equal terms
 * are equal bytes.
 */
typedef struct PaymentTerms
{
	int32		vl_len_;		/* varlena header */
	uint32		version:4,
				ndiscounts:4,	/* of the clauses, the first */
				start:3,		/* TermsStart */
				cutoff:5,		/* an invoice after this day is of the 1st of next month; 0: none */
				grace:7,		/* days for which a discount is still granted */
				start_arg:9;	/* season: month * 32 + day; extra: days */
	TermsClause clauses[FLEXIBLE_ARRAY_MEMBER];
} PaymentTerms;

#define TERMS_SIZE(nclauses)	(offsetof(PaymentTerms, clauses) + (nclauses) * sizeof(TermsClause))
#define TERMS_MAX_CLAUSES		TERMS_MAX_INSTALMENTS
StaticAssertDecl(TERMS_SIZE(1) == 16, "plain terms must take 16 bytes");

/* Room for any terms, on the stack. */
typedef union PaymentTermsBuffer
{
	PaymentTerms terms;
	char		space[TERMS_SIZE(TERMS_MAX_CLAUSES)];
} PaymentTermsBuffer;

static inline int
terms_nclauses(const PaymentTerms *terms)
{
	return (VARSIZE(terms) - offsetof(PaymentTerms, clauses)) / sizeof(TermsClause);
}

/* What is due: one clause, or one for each instalment. */
static inline const TermsClause *
terms_dues(const PaymentTerms *terms)
{
	return terms->clauses + terms->ndiscounts;
}

static inline int
terms_ndues(const PaymentTerms *terms)
{
	return terms_nclauses(terms) - terms->ndiscounts;
}

static inline int
terms_anchor(const TermsClause *clause)
{
	return clause->anchor & TERMS_ANCHOR_MASK;
}

/* Plain storage makes the detoast a test that never holds; it costs nothing to be sure. */
static inline const PaymentTerms *
DatumGetPaymentTermsP(Datum value)
{
	const PaymentTerms *terms = (const PaymentTerms *) DatumGetPointer(value);

	if (unlikely(VARATT_IS_EXTENDED(terms)))
		terms = (const PaymentTerms *) PG_DETOAST_DATUM(value);
	return terms;
}

#define PG_GETARG_PAYMENT_TERMS_P(n)	DatumGetPaymentTermsP(PG_GETARG_DATUM(n))

/* CIA or CWO: the money comes before the goods. */
static inline bool
terms_is_prepaid(const PaymentTerms *terms)
{
	return terms->start == TERMS_CIA || terms->start == TERMS_CWO;
}

typedef struct TermsInstalment
{
	bool		dated;			/* false: waits for an event, due_date is not set */
	DateADT		due_date;
	int128		units;
} TermsInstalment;

/*
 * Splits `units` by the terms into out[TERMS_MAX_INSTALMENTS]; returns the
 * number of instalments, at least 1.  The units sum to what was given.  Not
 * dated is what counts from the receipt of goods while has_received is false.
 *
 * Here and below: 22008 for an infinite date and for a result out of range.
 */
extern int	terms_schedule(const PaymentTerms *terms, DateADT doc_date,
						   bool has_received, DateADT received,
						   int128 units, TermsInstalment *out);

/* When all is due, the last instalment; false if not dated. */
extern bool terms_due_date(const PaymentTerms *terms, DateADT doc_date,
						   bool has_received, DateADT received, DateADT *due_date);

/*
 * The last day of discount `no`, from 0 the best first, without grace; false
 * if not dated.
 */
extern bool terms_discount_date(const PaymentTerms *terms, int no, DateADT doc_date,
								bool has_received, DateADT received, DateADT *last_day);

typedef enum TermsDiscount
{
	TERMS_DISCOUNT_EARNED,
	TERMS_DISCOUNT_NONE,
	TERMS_DISCOUNT_UNDATED		/* nobody can tell: the goods are not received */
} TermsDiscount;

/* The best discount that a payment on paid_on earns; its rate is in *num / *den. */
extern TermsDiscount terms_discount_earned(const PaymentTerms *terms, DateADT doc_date,
										   bool has_received, DateADT received,
										   DateADT paid_on, int *num, int *den);

#endif							/* TERMS_H */
