/*
 * scorecard_from_woe.c
 *		A scorecard from a logistic regression on weights of evidence.
 *
 * The model says ln(odds of bad to good) = intercept + sum of coefficient x woe over
 * the n attributes, with woe as in weight_of_evidence.c; its coefficients are
 * negative as a rule.  A bin then gets
 *
 *		-(woe x coefficient + intercept / n) x factor + offset / n
 *
 * points, factor = pdo / ln 2, offset = base - factor x ln(odds), so that the points
 * of all attributes sum to offset + factor x ln(odds of good to bad).  (N. Siddiqi,
 * Credit Risk Scorecards, 2006, scaling calculation.)
 */
#include "cc_compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "arrays.h"
#include "money.h"
#include "scorecard_text.h"

typedef struct Model
{
	int			nbins;
	char	  **attributes;		/* of each bin */
	char	  **bins;
	double	   *woe;
	double	   *coefficients;
	char	  **reasons;		/* or NULL, also each of them */
	double		intercept;
	double		base;
	double		odds;
	double		pdo;
	int			decimals;
} Model;

static double
read_number(Datum number, const char *what)
{
	double		value = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, number));

	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be a finite number", what)));
	return value;
}

static double *
read_numbers(FunctionCallInfo fcinfo, int argno, const char *what, int n)
{
	Datum	   *elements = cc_array_elements(PG_GETARG_ARRAYTYPE_P(argno), NUMERICOID, what, n);
	double	   *numbers = palloc(n * sizeof(double));

	for (int i = 0; i < n; i++)
		numbers[i] = read_number(elements[i], what);
	return numbers;
}

static char **
read_texts(FunctionCallInfo fcinfo, int argno, const char *what, int n)
{
	Datum	   *elements = cc_array_elements(PG_GETARG_ARRAYTYPE_P(argno), TEXTOID, what, n);
	char	  **texts = palloc(n * sizeof(char *));

	for (int i = 0; i < n; i++)
		texts[i] = TextDatumGetCString(elements[i]);
	return texts;
}

static void
read_model(FunctionCallInfo fcinfo, Model *model)
{
	ArrayType  *attributes = PG_GETARG_ARRAYTYPE_P(0);
	int			n = ArrayGetNItems(ARR_NDIM(attributes), ARR_DIMS(attributes));

	if (n > SCORECARD_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a scorecard has at most %d bins", SCORECARD_MAX_BINS)));
	model->nbins = n;
	model->attributes = read_texts(fcinfo, 0, "attributes", n);
	model->bins = read_texts(fcinfo, 1, "bins", n);
	model->woe = read_numbers(fcinfo, 2, "woe", n);
	model->coefficients = read_numbers(fcinfo, 3, "coefficients", n);
	model->intercept = read_number(PG_GETARG_DATUM(4), "intercept");
	model->base = read_number(PG_GETARG_DATUM(5), "base");
	model->odds = read_number(PG_GETARG_DATUM(6), "odds");
	model->pdo = read_number(PG_GETARG_DATUM(7), "pdo");
	model->decimals = PG_GETARG_INT32(8);
	model->reasons = PG_ARGISNULL(9) ? NULL : read_texts(fcinfo, 9, "reasons", n);

	if (model->odds <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("odds must be greater than zero")));
	if (model->pdo <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pdo must be greater than zero")));
	if (model->decimals < 0 || model->decimals > SCORECARD_SCALE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("decimals must be between 0 and %d", SCORECARD_SCALE)));
}

/* first[i]: the first bin of the attribute that bin i belongs to.  Returns the number of attributes. */
static int
group_by_attribute(const Model *model, int *first)
{
	int			firsts[SCORECARD_MAX_ATTRIBUTES];
	int			nattributes = 0;

	for (int i = 0; i < model->nbins; i++)
	{
		int			a = 0;

		CHECK_FOR_INTERRUPTS();
		while (a < nattributes && strcmp(model->attributes[firsts[a]], model->attributes[i]) != 0)
			a++;
		if (a == nattributes)
		{
			if (nattributes == SCORECARD_MAX_ATTRIBUTES)
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("a scorecard has at most %d attributes",
								SCORECARD_MAX_ATTRIBUTES)));
			firsts[nattributes++] = i;
		}
		first[i] = firsts[a];
		if (model->coefficients[i] != model->coefficients[first[i]])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("attribute \"%s\" has more than one coefficient",
							model->attributes[i])));
	}
	return nattributes;
}

/* Half up, as text. */
static char *
points_text(double points, int decimals, const char *attribute)
{
	double		unit = pow(10, decimals);

	if (!(fabs(points) < SCORECARD_MAX_POINTS))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("points of attribute \"%s\" are out of range", attribute)));
	return money_out((int128) floor(points * unit + 0.5), decimals);
}

static void
append_bin(StringInfo text, const Model *model, int bin, int nattributes)
{
	double		factor = model->pdo / M_LN2;
	double		offset = model->base - factor * log(model->odds);
	double		points = -(model->woe[bin] * model->coefficients[bin] + model->intercept / nattributes) * factor
		+ offset / nattributes;

	appendStringInfo(text, "%s => %s", model->bins[bin],
					 points_text(points, model->decimals, model->attributes[bin]));
	if (model->reasons != NULL && model->reasons[bin][0] != '\0')
	{
		appendStringInfoString(text, " (\"");
		for (const char *p = model->reasons[bin]; *p != '\0'; p++)
		{
			if (*p == '"')
				appendStringInfoChar(text, '"');
			appendStringInfoChar(text, *p);
		}
		appendStringInfoString(text, "\")");
	}
}

/* What people wrote as one bin must have been read as one. */
static void
check_bins(const Model *model, int nattributes, const Scorecard *card, const int *first)
{
	int			attribute = -1;

	for (int i = 0; i < model->nbins; i++)
	{
		int			count = 0;

		CHECK_FOR_INTERRUPTS();
		if (first[i] != i)
			continue;
		attribute++;
		for (int j = i; j < model->nbins; j++)
			count += (first[j] == i);
		if (card->nattributes != nattributes ||
			scorecard_nbins(&card->attributes[attribute]) != count)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("bins of attribute \"%s\" are not one bin each",
							model->attributes[i])));
	}
}

PG_FUNCTION_INFO_V1(scorecard_from_woe);
Datum
scorecard_from_woe(PG_FUNCTION_ARGS)
{
	Model		model;
	int		   *first;
	int			nattributes;
	StringInfoData text;
	ScorecardFault fault;
	Scorecard  *card;

	for (int i = 0; i < 9; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	read_model(fcinfo, &model);
	first = palloc(model.nbins * sizeof(int));
	nattributes = group_by_attribute(&model, first);

	initStringInfo(&text);
	appendStringInfo(&text, "base %s odds %s pdo %s decimals %d",
					 DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(5))),
					 DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(6))),
					 DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(7))),
					 model.decimals);
	for (int i = 0; i < model.nbins; i++)
	{
		const char *name = model.attributes[i];
		char	   *quoted;

		if (first[i] != i)
			continue;
		quoted = palloc(scorecard_write_name(name, strlen(name), NULL) + 1);
		scorecard_write_name(name, strlen(name), quoted);
		appendStringInfo(&text, "; %s: ", quoted);
		for (int j = i; j < model.nbins; j++)
		{
			CHECK_FOR_INTERRUPTS();
			if (first[j] != i)
				continue;
			if (j > i)
				appendStringInfoString(&text, ", ");
			append_bin(&text, &model, j, nattributes);
		}
	}
	card = scorecard_try(text.data, &fault);
	if (card == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attributes and bins do not make a scorecard"),
				 errdetail_internal("%s: \"%s\".", fault.message, text.data),
				 errhint("A bin is a condition as in a scorecard: <0.3, 'north','east', else or null.")));
	check_bins(&model, nattributes, card, first);
	PG_RETURN_POINTER(card);
}
