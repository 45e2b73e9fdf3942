/*
 * scorecard.h
 *		The SQL type credit.scorecard: how many points each value of each
 *		attribute earns, and what a sum of points means.
 *
 * An attribute has bins: those of numbers by upper bound, those of categories by
 * list, then one for any other value, then one for a missing value.  A value of
 * the type is flat and is scored as it is stored: bins are found by binary search
 * over integers, nothing is compiled or allocated.
 */
#ifndef SCORECARD_H
#define SCORECARD_H

#include "cc_compat.h"

#include "fmgr.h"

#define SCORECARD_VERSION			1

/* Points, scores, base, odds and pdo are counted in millionths. */
#define SCORECARD_SCALE				6
#define SCORECARD_UNIT				INT64CONST(1000000)

/*
 * No number of points reaches this, so that sums over all attributes stay far
 * within 64 bits.
 */
#define SCORECARD_MAX_POINTS		INT64CONST(1000000000)

/* Digits of a bound; a position (below) then fits 64 bits. */
#define SCORECARD_BOUND_DIGITS		18
#define SCORECARD_MAX_BOUND			INT64CONST(1000000000000000000)

#define SCORECARD_MAX_ATTRIBUTES	256
#define SCORECARD_MAX_BINS			10000	/* of all attributes together */
#define SCORECARD_MAX_CATEGORIES	10000	/* likewise */
#define SCORECARD_MAX_GRADES		100
#define SCORECARD_MAX_NAME			63	/* bytes of an attribute or grade */
#define SCORECARD_MAX_TEXT			1000	/* bytes of a reason or category */

/* A string of the value: where in its text it begins, and its bytes. */
typedef struct ScorecardString
{
	uint32		offset;
	uint32		length;
} ScorecardString;

typedef enum ScorecardKind
{
	SCORECARD_ANY,				/* one bin for whatever is not missing */
	SCORECARD_NUMBER,
	SCORECARD_CATEGORY
} ScorecardKind;

/*
 * Bins of an attribute are numbered from 0: those with a bound or a list of
 * categories, then `else` if there is one, then `null` if there is one.  The
 * bins of all attributes are in one array, in the order of the card.
 */
typedef struct ScorecardAttribute
{
	int64		best;			/* the most points any bin gives */
	ScorecardString name;
	ScorecardString reason;		/* length 0: none */
	uint16		first_bin;
	uint16		nlisted;		/* bins with a bound or a list */
	uint16		first_bound;	/* a number: nlisted bounds */
	uint16		first_category;
	uint16		ncategories;
	uint8		kind;			/* ScorecardKind */
	uint8		bound_scale;	/* decimals of its bounds */
	bool		has_else;
	bool		has_null;
	uint16		unused;			/* zero */
} ScorecardAttribute;

typedef struct ScorecardGrade
{
	int64		from;			/* the lowest score; the last grade has none */
	ScorecardString name;
} ScorecardGrade;

/* A category as it is written; its number within the attribute is its order. */
typedef struct ScorecardCategory
{
	ScorecardString text;
	uint16		bin;			/* of its attribute */
	uint16		sorted;			/* not of this category: the number of the n-th in order of text */
} ScorecardCategory;

/*
 * Of equal cards the bytes are equal: numbers have one form and the parts one
 * order.  Aligned like a double; the parts follow each other without gaps.
 */
typedef struct Scorecard
{
	int32		vl_len_;		/* varlena header */
	uint8		version;		/* SCORECARD_VERSION */
	uint8		flags;			/* none yet: zero */
	uint8		decimals;		/* of a score, which is rounded half up */
	bool		scaled;			/* base, odds and pdo are given */
	uint16		nattributes;
	uint16		nbounds;
	uint16		nbins;
	uint16		ncategories;
	uint16		ngrades;		/* 0, or with the one of all lower scores */
	uint16		unused[3];		/* zero */
	int64		start;			/* points everybody starts with */
	int64		base;			/* a score ... */
	int64		odds;			/* ... at which odds of good to bad are these ... */
	int64		pdo;			/* ... and the points that double them */
	ScorecardAttribute attributes[FLEXIBLE_ARRAY_MEMBER];	/* nattributes */
	/* int64 bounds[nbounds] */
	/* int64 points[nbins] */
	/* ScorecardGrade grades[ngrades] */
	/* ScorecardString reasons[nbins], length 0: that of the attribute */
	/* ScorecardCategory categories[ncategories] */
	/* char text[] */
} Scorecard;

StaticAssertDecl(offsetof(Scorecard, attributes) % sizeof(int64) == 0 &&
				 sizeof(ScorecardAttribute) % sizeof(int64) == 0 &&
				 sizeof(ScorecardGrade) % sizeof(int64) == 0,
				 "64-bit parts of a scorecard must be aligned");

static inline const int64 *
scorecard_bounds(const Scorecard *card)
{
	return (const int64 *) (card->attributes + card->nattributes);
}

/* In millionths, by bin. */
static inline const int64 *
scorecard_points(const Scorecard *card)
{
	return scorecard_bounds(card) + card->nbounds;
}

static inline const ScorecardGrade *
scorecard_grades(const Scorecard *card)
{
	return (const ScorecardGrade *) (scorecard_points(card) + card->nbins);
}

static inline const ScorecardString *
scorecard_reasons(const Scorecard *card)
{
	return (const ScorecardString *) (scorecard_grades(card) + card->ngrades);
}

static inline const ScorecardCategory *
scorecard_categories(const Scorecard *card)
{
	return (const ScorecardCategory *) (scorecard_reasons(card) + card->nbins);
}

static inline const char *
scorecard_text(const Scorecard *card)
{
	return (const char *) (scorecard_categories(card) + card->ncategories);
}

static inline int
scorecard_nbins(const ScorecardAttribute *attribute)
{
	return attribute->nlisted + attribute->has_else + attribute->has_null;
}

/*
 * Bounds are kept as positions: 2 x bound for "<", 2 x bound + 1 for "<=", in
 * units of the attribute's scale.  The position of a value is 2 x floor, plus 1 if
 * it lies above its floor (money_position).  Then a value is below a bound, exactly
 * and however many decimals it has, if its position is less than the bound's.
 */
static inline int
scorecard_bin_at(const Scorecard *card, const ScorecardAttribute *attribute,
				 int64 position)
{
	const int64 *bounds = scorecard_bounds(card) + attribute->first_bound;
	int			first = 0;
	int			n = attribute->nlisted;

	/* Sums rather than branches, which would be mispredicted every other time. */
	for (; n > 8; n -= n / 2)
		first += (n / 2) * (bounds[first + n / 2 - 1] <= position);
	bounds += first;
	for (int i = 0; i < n; i++)
		first += (bounds[i] <= position);
	return first;
}

/* The order in which categories are sorted: not what people would call one. */
static inline int
scorecard_compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}

/* The number of a category within its attribute, or -1. */
extern int	scorecard_category(const Scorecard *card,
							   const ScorecardAttribute *attribute,
							   const char *text, size_t length);

/* What a bin's reason is: its own, or its attribute's, or the attribute's name. */
static inline ScorecardString
scorecard_reason(const Scorecard *card, const ScorecardAttribute *attribute, int bin)
{
	ScorecardString reason = scorecard_reasons(card)[attribute->first_bin + bin];

	if (reason.length == 0)
		reason = attribute->reason;
	return reason.length == 0 ? attribute->name : reason;
}

/* Round a sum of points to the card's decimals, half up (-0.5 is 0). */
extern int64 scorecard_round(const Scorecard *card, int64 points);

/* Number of the grade of a score, or -1 if the card has none. */
extern int	scorecard_grade(const Scorecard *card, int64 score);

/* A score as SQL shows it, with the card's decimals. */
extern Datum scorecard_datum(const Scorecard *card, int64 score);

/*
 * Odds of good to bad at a score, and the probability of bad as SQL shows it, a
 * numeric of 6 decimals.  Floating point: a probability is not money.  The card
 * must be scaled.
 */
extern double scorecard_odds(const Scorecard *card, int64 score);
extern Datum scorecard_pd(const Scorecard *card, int64 score);

/* Detoast for reading; refuses a version this library does not know. */
extern Scorecard *scorecard_from_datum(Datum value);

#endif							/* SCORECARD_H */
