/*
 * reference_scan.h
 *		Where in a free text a document number may stand.
 *
 * Plain C that allocates nothing and raises nothing.  The text is cut into
 * runs of letters and runs of digits; a candidate is some runs that follow each
 * other closely, or a number that a list or a range stands for.  Time and the
 * number of candidates grow with the length of the text.
 */
#ifndef REFERENCE_SCAN_H
#define REFERENCE_SCAN_H

#include "cc_compat.h"

/* Letters and digits of the longest candidate, in bytes. */
#define REFERENCE_MAX_LENGTH 40

typedef struct ReferenceRun
{
	int			start;			/* bytes of the text */
	int			end;
	bool		digits;			/* else letters */
	uint16		gap;			/* GAP_ flags: what stands between it and the run before */
	char		separator;		/* if that is one ASCII character, which */
	uint8		guard;			/* GUARD_ flags: what it is besides a document number */
} ReferenceRun;

typedef struct ReferenceCandidate
{
	const char *stripped;		/* letters and digits in upper case, with marks (see reference_key.h) */
	int			length;			/* at most REFERENCE_MAX_LENGTH bytes */
	int			ndigits;		/* how many of them are digits */
	int			start;			/* bytes of the text it stands for */
	int			end;
	bool		listed;			/* the text says it by a list or a range only */
	int			slot;			/* which number of the range */
	bool		whole;			/* nothing but the words it is made of: may be compared with similar numbers */

	/* A key of digits alone must have so many, for here it may as well be something else. */
	int			min_digits;
	bool		digits_only;	/* cut out of a word: only a key of digits alone will do */
} ReferenceCandidate;

typedef void (*ReferenceVisit) (void *arg, const ReferenceCandidate *candidate);

/*
 * Cut a text into runs, at most `max` of them, and mark what looks like an
 * amount, a date, a telephone or an account number.  Returns how many runs
 * there are in all; call with max = 0 to count them.
 */
extern int	reference_runs(const char *text, int length, bool utf8,
						   ReferenceRun *runs, int max);

/* Visit every candidate, in order of its place. */
extern void reference_scan(const char *text, bool utf8,
						   const ReferenceRun *runs, int nruns,
						   ReferenceVisit visit, void *arg);

/* Whether a key made of a candidate may count as a document number where it stands. */
extern bool reference_key_allowed(const ReferenceCandidate *candidate,
								  const char *key, int length);

#endif							/* REFERENCE_SCAN_H */
