/*
 * score_histogram.c
 *		How many goods and bads there are of each score: the transition and combine
 *		functions of all aggregates over (score, bad).
 *
 * The state is one flat value, which SQL sees as bytea: it travels between workers
 * and nodes as it is.  It is in one of two forms.
 *
 *	hashed	Few scores, as of any scorecard: a hash table with open addressing that
 *			stays in the processor's cache.
 *	run		Many, as of probabilities that hardly repeat: a run sorted by score, and
 *			behind it a tail of counts as they came.  When there is no room for more,
 *			the tail is sorted and merged into the run; if that does not clear half of
 *			the space, the space is doubled.  So everything is sorted once, most of it
 *			by the workers, and two states are combined by merging.
 *
 * Anybody may call the functions with bytes of his own, so each call makes sure that
 * it stays inside them; what he gets from them is his affair.
 */
#include "cc_compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "decimal.h"
#include "money.h"
#include "score_histogram.h"

typedef struct ScoreHistogram
{
	int32		vl_len_;		/* varlena header */
	int32		groups;			/* parameter of the aggregate, or 0 */
	int32		nsorted;		/* length of the run, or HASHED */
	int32		nused;			/* slots in use; of a run, with its tail */
	ScoreCount	slots[FLEXIBLE_ARRAY_MEMBER];	/* of a hash table, free if they count nobody */
} ScoreHistogram;

StaticAssertDecl(sizeof(ScoreCount) == 16, "ScoreCount travels: no padding");
StaticAssertDecl(offsetof(ScoreHistogram, slots) == 16, "ScoreHistogram travels: no padding");

#define HASHED			(-1)

/* Powers of two.  A hash table is at most half full, which ends its searches soon. */
#define MIN_HASH_SLOTS	16
#define MAX_HASH_SLOTS	4096

#define MAX_RUN_SLOTS	((int) ((MaxAllocSize - offsetof(ScoreHistogram, slots)) / sizeof(ScoreCount)))
/* The rest is room for the tail. */
#define MAX_SCORES		(MAX_RUN_SLOTS / 8 * 7)

#define HISTOGRAM_SIZE(nslots) \
	(offsetof(ScoreHistogram, slots) + (Size) (nslots) * sizeof(ScoreCount))

static ScoreHistogram *
new_histogram(int nslots, int groups, int nsorted)
{
	ScoreHistogram *histogram = palloc0(HISTOGRAM_SIZE(nslots));

	SET_VARSIZE(histogram, HISTOGRAM_SIZE(nslots));
	histogram->groups = groups;
	histogram->nsorted = nsorted;
	return histogram;
}

static inline int
nslots(const ScoreHistogram *histogram)
{
	return (VARSIZE(histogram) - offsetof(ScoreHistogram, slots)) / sizeof(ScoreCount);
}

static void
invalid_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid state of an aggregate over scores")));
}

/*
 * A state as a struct.  A value inside a tuple has the alignment of bytea only, and
 * may have a short header; it is copied then.
 */
static inline ScoreHistogram *
histogram_from_datum(Datum datum)
{
	ScoreHistogram *value = (ScoreHistogram *) DatumGetPointer(datum);
	int			n;

	if (unlikely(VARATT_IS_EXTENDED(value) ||
				 (uintptr_t) value % __alignof__(ScoreHistogram) != 0))
		value = (ScoreHistogram *) PG_DETOAST_DATUM_COPY(datum);

	if (unlikely(VARSIZE(value) < HISTOGRAM_SIZE(1)))
		invalid_state();
	n = nslots(value);
	if (unlikely(VARSIZE(value) != HISTOGRAM_SIZE(n)))
		invalid_state();
	if (value->nsorted == HASHED)
	{
		if (unlikely(n < MIN_HASH_SLOTS || n > MAX_HASH_SLOTS || (n & (n - 1)) != 0 ||
					 value->nused < 0 || value->nused > n / 2))
			invalid_state();
	}
	else if (unlikely(value->nsorted < 0 || value->nused < value->nsorted || value->nused > n))
		invalid_state();
	return value;
}

static inline bool
is_free(const ScoreCount *slot)
{
	return slot->goods == 0 && slot->bads == 0;
}

static inline void
add_rows(uint32 *rows, uint32 more)
{
	if (unlikely(__builtin_add_overflow(*rows, more, rows)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of rows of one score out of range")));
}

static inline void
add_count(ScoreCount *slot, const ScoreCount *count)
{
	add_rows(&slot->goods, count->goods);
	add_rows(&slot->bads, count->bads);
}

#define ST_SORT sort_scores
#define ST_ELEMENT_TYPE ScoreCount
#define ST_COMPARE(a, b) ((a)->score < (b)->score ? -1 : (a)->score > (b)->score)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Merges two sorted arrays, each score once; returns how many that makes. */
static int
merge_scores(ScoreCount *into, const ScoreCount *a, int na, const ScoreCount *b, int nb)
{
	int			n = 0;

	while (na > 0 || nb > 0)
	{
		const ScoreCount *next;

		CHECK_FOR_INTERRUPTS();
		if (nb == 0 || (na > 0 && a->score <= b->score))
		{
			next = a++;
			na--;
		}
		else
		{
			next = b++;
			nb--;
		}
		if (n > 0 && into[n - 1].score == next->score)
			add_count(&into[n - 1], next);
		else
			into[n++] = *next;
	}
	return n;
}

static ScoreCount *
alloc_counts(int n)
{
	/* States are limited so that two of them together are a huge allocation at most. */
	return palloc_extended(Max(n, 1) * sizeof(ScoreCount), MCXT_ALLOC_HUGE);
}

/* The counts of a state in either form by ascending score, palloc'd; the state stays as it is. */
static ScoreCount *
sorted_counts(const ScoreHistogram *histogram, int *n)
{
	ScoreCount *counts = alloc_counts(histogram->nused);
	ScoreCount *tail;
	int			ntail;

	if (histogram->nsorted == HASHED)
	{
		*n = 0;
		for (int i = 0; i < nslots(histogram) && *n < histogram->nused; i++)
			if (!is_free(&histogram->slots[i]))
				counts[(*n)++] = histogram->slots[i];
		sort_scores(counts, *n);
		return counts;
	}

	ntail = histogram->nused - histogram->nsorted;
	tail = alloc_counts(ntail);
	memcpy(tail, &histogram->slots[histogram->nsorted], ntail * sizeof(ScoreCount));
	sort_scores(tail, ntail);
	*n = merge_scores(counts, histogram->slots, histogram->nsorted, tail, ntail);
	pfree(tail);
	return counts;
}

/* A run without a tail; frees the counts it is made of. */
static ScoreHistogram *
new_run(ScoreCount *counts, int n, int64 nslots_wanted, int groups)
{
	ScoreHistogram *run;

	if (n > MAX_SCORES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many different scores"),
				 errdetail("At most %d can be counted in a group.", MAX_SCORES),
				 errhint("Round the scores.")));
	run = new_histogram(Min(nslots_wanted, MAX_RUN_SLOTS), groups, n);
	run->nused = n;
	memcpy(run->slots, counts, n * sizeof(ScoreCount));
	pfree(counts);
	return run;
}

/* Scores that differ in a few bits anywhere land far apart. */
static inline uint32
hash_score(double score)
{
	uint64		bits;

	memcpy(&bits, &score, sizeof(bits));
	bits ^= bits >> 32;
	bits *= UINT64CONST(0x9E3779B97F4A7C15);
	return bits >> 32;
}

/* The slot of a score in a hash table, free if it has none yet. */
static inline ScoreCount *
find_slot(ScoreHistogram *histogram, double score)
{
	uint32		mask = nslots(histogram) - 1;
	uint32		at = hash_score(score);

	/* There is a free slot, but a forged state may lie about it. */
	for (uint32 tried = 0; tried <= mask; tried++, at++)
	{
		ScoreCount *slot = &histogram->slots[at & mask];

		if (is_free(slot) || slot->score == score)
			return slot;
	}
	invalid_state();
	return NULL;
}

/* A half-full hash table as a larger one or, if that would be too large, as a run. */
static ScoreHistogram *
grown_hash(const ScoreHistogram *old)
{
	ScoreHistogram *new;
	int			n;
	ScoreCount *counts;

	if (nslots(old) == MAX_HASH_SLOTS)
	{
		counts = sorted_counts(old, &n);
		return new_run(counts, n, 2 * MAX_HASH_SLOTS, old->groups);
	}
	new = new_histogram(2 * nslots(old), old->groups, HASHED);
	for (int i = 0; i < nslots(old); i++)
		if (!is_free(&old->slots[i]))
			*find_slot(new, old->slots[i].score) = old->slots[i];
	new->nused = old->nused;
	return new;
}

/* A full run with room for more: the same or, if merging its tail does not clear half of it, a larger one. */
static ScoreHistogram *
with_room(ScoreHistogram *run)
{
	int			n;
	ScoreCount *counts = sorted_counts(run, &n);

	if (n > nslots(run) / 2)
		return new_run(counts, n, 2 * (int64) nslots(run), run->groups);
	memcpy(run->slots, counts, n * sizeof(ScoreCount));
	run->nsorted = run->nused = n;
	pfree(counts);
	return run;
}

/*
 * Counts into the histogram or, if that is full, into a larger one, which is
 * returned.  In an aggregate the executor copies the larger one into its own memory
 * and frees the old.
 */
static inline ScoreHistogram *
count_score(ScoreHistogram *histogram, const ScoreCount *count)
{
	while (likely(histogram->nsorted == HASHED))
	{
		ScoreCount *slot = find_slot(histogram, count->score);

		if (unlikely(is_free(slot)))
		{
			if (histogram->nused == nslots(histogram) / 2)
			{
				histogram = grown_hash(histogram);
				continue;
			}
			histogram->nused++;
			slot->score = count->score;
		}
		add_count(slot, count);
		return histogram;
	}
	if (histogram->nused == nslots(histogram))
		histogram = with_room(histogram);
	histogram->slots[histogram->nused++] = *count;
	return histogram;
}

static void
check_groups(const ScoreHistogram *histogram, int groups)
{
	if (unlikely(histogram->groups != groups))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of groups must be the same for all rows"),
				 errdetail("It was %d and is now %d.", histogram->groups, groups)));
}

/* Argument 0 as something we may write to: the aggregate's own, or a copy. */
static inline ScoreHistogram *
writable_state(FunctionCallInfo fcinfo, int groups)
{
	ScoreHistogram *state;

	if (unlikely(PG_ARGISNULL(0)))
		return new_histogram(MIN_HASH_SLOTS, groups, HASHED);
	state = histogram_from_datum(PG_GETARG_DATUM(0));
	check_groups(state, groups);
	if (unlikely((Pointer) state == PG_GETARG_POINTER(0) && !AggCheckCallContext(fcinfo, NULL)))
		state = (ScoreHistogram *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
	return state;
}

static inline Datum
accumulate(FunctionCallInfo fcinfo, double score, bool bad, int groups)
{
	ScoreHistogram *state = writable_state(fcinfo, groups);
	ScoreCount	one;

	if (unlikely(isnan(score)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("score must be a number"),
				 errdetail("The value is NaN."),
				 errhint("A customer without a score has a null score.")));

	/* Minus zero is zero. */
	one.score = score + 0.0;
	one.goods = !bad;
	one.bads = bad;
	PG_RETURN_POINTER(count_score(state, &one));
}

/*
 * The double nearest to a numeric.  These powers of ten and integers below 2^53 are
 * doubles, and their quotient is rounded once.
 */
static double
double_of(Datum value)
{
	static const double powers[] = {1, 1e4, 1e8, 1e12};
	int128		units;

	/* Most scores have few decimals. */
	for (size_t i = 0; i < lengthof(powers); i++)
		if (money_read(value, 4 * (int) i, &units) == MONEY_OK &&
			units < (INT64CONST(1) << 53) && units > -(INT64CONST(1) << 53))
			return (double) (int64) units / powers[i];
	return decimal_to_double(value);
}

/* A row without a score, or of which nobody knows how it ended, counts for nothing. */
static inline bool
is_ignored(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(1) || PG_ARGISNULL(2);
}

static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static int
groups_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("number of groups must not be null")));
	if (PG_GETARG_INT32(3) < SCORE_MIN_GROUPS || PG_GETARG_INT32(3) > SCORE_MAX_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of groups must be between %d and %d", SCORE_MIN_GROUPS, SCORE_MAX_GROUPS),
				 errdetail("It is %d.", PG_GETARG_INT32(3))));
	return PG_GETARG_INT32(3);
}

PG_FUNCTION_INFO_V1(score_accum);
Datum
score_accum(PG_FUNCTION_ARGS)
{
	if (unlikely(is_ignored(fcinfo)))
		return unchanged(fcinfo);
	return accumulate(fcinfo, PG_GETARG_FLOAT8(1), PG_GETARG_BOOL(2), 0);
}

PG_FUNCTION_INFO_V1(score_accum_numeric);
Datum
score_accum_numeric(PG_FUNCTION_ARGS)
{
	if (unlikely(is_ignored(fcinfo)))
		return unchanged(fcinfo);
	return accumulate(fcinfo, double_of(PG_GETARG_DATUM(1)), PG_GETARG_BOOL(2), 0);
}

PG_FUNCTION_INFO_V1(score_accum_groups);
Datum
score_accum_groups(PG_FUNCTION_ARGS)
{
	int			groups = groups_argument(fcinfo);

	if (is_ignored(fcinfo))
		return unchanged(fcinfo);
	return accumulate(fcinfo, PG_GETARG_FLOAT8(1), PG_GETARG_BOOL(2), groups);
}

PG_FUNCTION_INFO_V1(score_accum_numeric_groups);
Datum
score_accum_numeric_groups(PG_FUNCTION_ARGS)
{
	int			groups = groups_argument(fcinfo);

	if (is_ignored(fcinfo))
		return unchanged(fcinfo);
	return accumulate(fcinfo, double_of(PG_GETARG_DATUM(1)), PG_GETARG_BOOL(2), groups);
}

/* Adds two states, NULL being nothing. */
PG_FUNCTION_INFO_V1(score_combine);
Datum
score_combine(PG_FUNCTION_ARGS)
{
	ScoreHistogram *state;
	ScoreHistogram *other;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	other = histogram_from_datum(PG_GETARG_DATUM(1));
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(other);
	state = writable_state(fcinfo, other->groups);

	if (state->nsorted == HASHED && other->nsorted == HASHED)
	{
		for (int i = 0; i < nslots(other); i++)
			if (!is_free(&other->slots[i]))
				state = count_score(state, &other->slots[i]);
	}
	else
	{
		int			na;
		int			nb;
		ScoreCount *a = sorted_counts(state, &na);
		ScoreCount *b = sorted_counts(other, &nb);
		ScoreCount *both = alloc_counts(na + nb);
		int			n = merge_scores(both, a, na, b, nb);

		pfree(a);
		pfree(b);
		state = new_run(both, n, Max(n, 1), state->groups);
	}
	PG_RETURN_POINTER(state);
}

void
score_histogram_sort(FunctionCallInfo fcinfo, SortedScores *sorted)
{
	ScoreHistogram *state = histogram_from_datum(PG_GETARG_DATUM(0));

	sorted->counts = sorted_counts(state, &sorted->n);
	sorted->groups = state->groups;
	sorted->goods = sorted->bads = 0;
	for (int i = 0; i < sorted->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		sorted->goods += sorted->counts[i].goods;
		sorted->bads += sorted->counts[i].bads;
	}
}
