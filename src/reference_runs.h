/*
 * reference_runs.h
 *		What the runs of a text and the gaps between them look like; for reference_*.c.
 */
#ifndef REFERENCE_RUNS_H
#define REFERENCE_RUNS_H

#include "cc_compat.h"

#include "reference_scan.h"

#define GAP_NONE		0x01	/* letters and digits touch */
#define GAP_JOIN		0x02	/* a few separators, as inside a document number */
#define GAP_RANGE		0x04	/* a dash, or two dots */
#define GAP_LIST		0x08	/* a comma, a slash or the like */
#define GAP_SPACE		0x10	/* white space only */
#define GAP_CURRENCY	0x20	/* has a currency sign */
#define GAP_PLUS		0x40	/* ends with a plus sign */
#define GAP_PERCENT		0x80	/* begins with a percent sign */
#define GAP_TIGHT		0x100	/* GAP_JOIN without white space, so that both sides are one printed word */

#define GUARD_AMOUNT	0x01
#define GUARD_DATE		0x02
#define GUARD_PHONE		0x04
#define GUARD_CODED		0x08	/* an IBAN or a creditor reference */

static inline int
run_length(const ReferenceRun *run)
{
	return run->end - run->start;
}

/* Whether a run is one of the words, which are in upper case; the list ends with NULL. */
extern bool run_is_one_of(const char *text, const ReferenceRun *run, const char *const *words);

/*
 * The run behind an IBAN or a creditor reference that begins with this run, in
 * one piece or in groups with a space between; `first` if there is none.
 */
extern int	coded_end(const char *text, bool utf8, const ReferenceRun *runs, int nruns, int first);

/* Mark the runs that are (parts of) amounts, dates, telephone and account numbers. */
extern void reference_guard(const char *text, bool utf8, ReferenceRun *runs, int nruns);

#endif							/* REFERENCE_RUNS_H */
