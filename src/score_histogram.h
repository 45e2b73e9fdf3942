/*
 * score_histogram.h
 *		How many goods and bads there are of each score: all that a statistic of a
 *		scorecard needs to know about any number of customers.
 *
 * Scores repeat, so it is small (a scorecard from 300 to 850 has 551 of them), and it
 * is exact: results do not depend on the order of rows, on workers or on nodes.
 */
#ifndef SCORE_HISTOGRAM_H
#define SCORE_HISTOGRAM_H

#include "cc_compat.h"

#include "fmgr.h"

/* Fewer groups leave no degree of freedom, and more are no groups. */
#define SCORE_MIN_GROUPS	3
#define SCORE_MAX_GROUPS	1000

typedef struct ScoreCount
{
	double		score;
	uint32		goods;
	uint32		bads;
} ScoreCount;

/* The counts of a state, by ascending score. */
typedef struct SortedScores
{
	int			n;
	ScoreCount *counts;
	int64		goods;			/* in all */
	int64		bads;
	int			groups;			/* what the aggregate was given, or 0 */
} SortedScores;

/* Reads argument 0 of a final function, a state, which must not be NULL. */
extern void score_histogram_sort(FunctionCallInfo fcinfo, SortedScores *sorted);

#endif							/* SCORE_HISTOGRAM_H */
