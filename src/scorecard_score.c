/*
 * scorecard_score.c
 *		Scoring: from the values of attributes to score, grade, PD and reasons.
 *
 * Each way in (jsonb, an array, arguments) finds the bin of every attribute; all
 * else follows from the bins.
 */
#include "cc_compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "money.h"
#include "scorecard_bins.h"

/* Decimals of a probability. */
#define PD_SCALE	6
#define PD_UNIT		1e6

/*
 * What is kept from one call of a statement to the next.  Nothing but time is lost
 * if it is not.
 */
typedef struct ScoreCache
{
	struct varlena *packed;		/* the card as it came, if that could not be read in place, */
	Scorecard  *card;			/* and unpacked */
	TupleDesc	row;
	Oid		   *types;			/* of score_values(): base types of its arguments */
} ScoreCache;

static ScoreCache *
score_cache(FunctionCallInfo fcinfo)
{
	if (unlikely(fcinfo->flinfo->fn_extra == NULL))
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
														  sizeof(ScoreCache));
	return fcinfo->flinfo->fn_extra;
}

/*
 * The card of this call.  It is its own compiled form, so a constant, and most cards
 * in tables, are read where they are.  One that is small or compressed in its row is
 * unpacked when its bytes differ from those of the call before; one that is stored
 * apart is fetched each time, for its bytes do not tell whether it is the same.
 */
static Scorecard *
card_of_call(FunctionCallInfo fcinfo)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);
	ScoreCache *cache;
	MemoryContext old_context;
	Size		size;

	if (likely(!VARATT_IS_EXTENDED(value)) || VARATT_IS_EXTERNAL(value))
		return scorecard_from_datum(PointerGetDatum(value));

	cache = score_cache(fcinfo);
	size = VARSIZE_ANY(value);
	if (cache->packed != NULL && VARSIZE_ANY(cache->packed) == size &&
		memcmp(cache->packed, value, size) == 0)
		return cache->card;

	if (cache->packed != NULL)
	{
		pfree(cache->packed);
		cache->packed = NULL;
		pfree(cache->card);
	}
	old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	cache->card = scorecard_from_datum(PointerGetDatum(value));
	cache->packed = memcpy(palloc(size), value, size);
	MemoryContextSwitchTo(old_context);
	return cache->card;
}

static const Oid *
argument_types(FunctionCallInfo fcinfo)
{
	ScoreCache *cache = score_cache(fcinfo);

	if (unlikely(cache->types == NULL))
	{
		Oid		   *types = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, PG_NARGS() * sizeof(Oid));

		for (int i = 1; i < PG_NARGS(); i++)
			types[i] = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, i));
		cache->types = types;
	}
	return cache->types;
}

static int64
score_of_bins(const Scorecard *card, const ScorecardBins bins)
{
	const int64 *points = scorecard_points(card);
	int64		sum = card->start;

	for (int i = 0; i < card->nattributes; i++)
		sum += points[card->attributes[i].first_bin + bins[i]];
	return scorecard_round(card, sum);
}

int64
scorecard_round(const Scorecard *card, int64 points)
{
	int64		unit = 1;
	int64		above;

	for (int i = card->decimals; i < SCORECARD_SCALE; i++)
		unit *= 10;
	above = (points + unit / 2) % unit;
	/* % goes towards zero, and half goes up also below it. */
	return points + unit / 2 - above - (above < 0 ? unit : 0);
}

Datum
scorecard_datum(const Scorecard *card, int64 score)
{
	for (int i = card->decimals; i < SCORECARD_SCALE; i++)
		score /= 10;
	return money_to_numeric(score, card->decimals);
}

int
scorecard_grade(const Scorecard *card, int64 score)
{
	const ScorecardGrade *grades = scorecard_grades(card);
	int			grade = 0;

	while (grade < card->ngrades - 1 && score < grades[grade].from)
		grade++;
	return card->ngrades > 0 ? grade : -1;
}

/*
 * Base odds at the base score, doubled by every pdo points.  That is exp((score -
 * offset) / factor) with factor = pdo / ln 2 and offset = base - factor x ln(odds),
 * and is exact where the result is.
 */
double
scorecard_odds(const Scorecard *card, int64 score)
{
	return (double) card->odds / SCORECARD_UNIT *
		exp2((double) (score - card->base) / (double) card->pdo);
}

Datum
scorecard_pd(const Scorecard *card, int64 score)
{
	double		pd = 1.0 / (1.0 + scorecard_odds(card, score));

	return money_to_numeric((int64) rint(pd * PD_UNIT), PD_SCALE);
}

/*
 * The reasons of the attributes that lost the most points against the best of
 * their bins, most first, ties in the order of the card; none is given twice.
 */
static Datum
reasons_of_bins(const Scorecard *card, const ScorecardBins bins, int max_reasons)
{
	const int64 *points = scorecard_points(card);
	const char *text = scorecard_text(card);
	int64		lost[SCORECARD_MAX_ATTRIBUTES];
	Datum		reasons[SCORECARD_MAX_ATTRIBUTES];
	ScorecardString given[SCORECARD_MAX_ATTRIBUTES];
	int			ngiven = 0;

	for (int i = 0; i < card->nattributes; i++)
		lost[i] = card->attributes[i].best - points[card->attributes[i].first_bin + bins[i]];

	while (ngiven < max_reasons)
	{
		int			worst = -1;
		ScorecardString reason;
		bool		seen = false;

		for (int i = 0; i < card->nattributes; i++)
			if (lost[i] > (worst < 0 ? 0 : lost[worst]))
				worst = i;
		if (worst < 0)
			break;
		lost[worst] = 0;
		reason = scorecard_reason(card, &card->attributes[worst], bins[worst]);
		for (int i = 0; i < ngiven && !seen; i++)
			seen = scorecard_compare_text(text + given[i].offset, given[i].length,
										  text + reason.offset, reason.length) == 0;
		if (seen)
			continue;
		reasons[ngiven] = PointerGetDatum(cstring_to_text_with_len(text + reason.offset,
																   reason.length));
		given[ngiven++] = reason;
	}
	return PointerGetDatum(construct_array(reasons, ngiven, TEXTOID, -1, false, TYPALIGN_INT));
}

/* (score, grade, pd, reasons) */
static Datum
score_row(FunctionCallInfo fcinfo, const Scorecard *card, const ScorecardBins bins, int max_reasons)
{
	ScoreCache *cache = score_cache(fcinfo);
	int64		score = score_of_bins(card, bins);
	int			grade = scorecard_grade(card, score);
	Datum		values[4];
	bool		nulls[4] = {false};

	if (max_reasons < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_reasons must not be negative")));
	if (unlikely(cache->row == NULL))
	{
		MemoryContext old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &cache->row) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		cache->row = BlessTupleDesc(cache->row);
		MemoryContextSwitchTo(old_context);
	}

	values[0] = scorecard_datum(card, score);
	if (grade >= 0)
	{
		ScorecardString name = scorecard_grades(card)[grade].name;

		values[1] = PointerGetDatum(cstring_to_text_with_len(scorecard_text(card) + name.offset,
															 name.length));
	}
	else
		nulls[1] = true;
	if (card->scaled)
		values[2] = scorecard_pd(card, score);
	else
		nulls[2] = true;
	values[3] = reasons_of_bins(card, bins, max_reasons);
	return HeapTupleGetDatum(heap_form_tuple(cache->row, values, nulls));
}

PG_FUNCTION_INFO_V1(scorecard_score_array);
Datum
scorecard_score_array(PG_FUNCTION_ARGS)
{
	Scorecard  *card = card_of_call(fcinfo);
	ScorecardBins bins;

	scorecard_bins_of_array(card, PG_GETARG_ARRAYTYPE_P(1), bins);
	return score_row(fcinfo, card, bins, PG_GETARG_INT32(2));
}

PG_FUNCTION_INFO_V1(scorecard_score_jsonb);
Datum
scorecard_score_jsonb(PG_FUNCTION_ARGS)
{
	Scorecard  *card = card_of_call(fcinfo);
	ScorecardBins bins;

	scorecard_bins_of_jsonb(card, PG_GETARG_JSONB_P(1), PG_GETARG_BOOL(3), bins);
	return score_row(fcinfo, card, bins, PG_GETARG_INT32(2));
}

PG_FUNCTION_INFO_V1(scorecard_points_array);
Datum
scorecard_points_array(PG_FUNCTION_ARGS)
{
	Scorecard  *card = card_of_call(fcinfo);
	ScorecardBins bins;

	scorecard_bins_of_array(card, PG_GETARG_ARRAYTYPE_P(1), bins);
	return scorecard_datum(card, score_of_bins(card, bins));
}

PG_FUNCTION_INFO_V1(scorecard_points_jsonb);
Datum
scorecard_points_jsonb(PG_FUNCTION_ARGS)
{
	Scorecard  *card = card_of_call(fcinfo);
	ScorecardBins bins;

	scorecard_bins_of_jsonb(card, PG_GETARG_JSONB_P(1), PG_GETARG_BOOL(2), bins);
	return scorecard_datum(card, score_of_bins(card, bins));
}

/* Not strict, for any attribute may be null. */
PG_FUNCTION_INFO_V1(scorecard_points_values);
Datum
scorecard_points_values(PG_FUNCTION_ARGS)
{
	Scorecard  *card;
	const Oid  *types;
	ScorecardBins bins;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	card = card_of_call(fcinfo);
	types = argument_types(fcinfo);

	if (unlikely(get_fn_expr_variadic(fcinfo->flinfo)))
	{
		if (PG_ARGISNULL(1))
			PG_RETURN_NULL();
		if (types[1] != NUMERICARRAYOID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("values of a scorecard given as one array must be numeric[]")));
		scorecard_bins_of_array(card, PG_GETARG_ARRAYTYPE_P(1), bins);
		return scorecard_datum(card, score_of_bins(card, bins));
	}

	scorecard_check_values(card, PG_NARGS() - 1);
	for (int i = 0; i < card->nattributes; i++)
	{
		const ScorecardAttribute *attribute = &card->attributes[i];

		if (PG_ARGISNULL(i + 1))
			bins[i] = scorecard_bin_of_null(card, attribute);
		else if (types[i + 1] == NUMERICOID)
			bins[i] = scorecard_bin_of_numeric(card, attribute, PG_GETARG_DATUM(i + 1));
		else
			bins[i] = scorecard_bin_of_value(card, attribute, PG_GETARG_DATUM(i + 1), types[i + 1]);
	}
	return scorecard_datum(card, score_of_bins(card, bins));
}
