/*
 * scorecard_bins.h
 *		Which bin of a scorecard a value falls into.
 *
 * All raise an error that names the attribute if there is no bin for the value.
 * Bins are numbered from 0 within their attribute.
 */
#ifndef SCORECARD_BINS_H
#define SCORECARD_BINS_H

#include "money.h"
#include "scorecard.h"

#include "utils/array.h"
#include "utils/jsonb.h"

/* The bin of each attribute. */
typedef uint16 ScorecardBins[SCORECARD_MAX_ATTRIBUTES];

/* numeric[] in the order of the card; a category by its number in the card, from 1. */
extern void scorecard_bins_of_array(const Scorecard *card, ArrayType *array,
									ScorecardBins bins);

/*
 * A JSON object by the names of the attributes; what is not there is missing.
 * `strict`: a key that is no attribute is an error.
 */
extern void scorecard_bins_of_jsonb(const Scorecard *card, Jsonb *json, bool strict,
									ScorecardBins bins);

/* A number; of an attribute of categories it is the number of one in the card, from 1. */
extern int	scorecard_bin_of_other_numeric(const Scorecard *card,
										   const ScorecardAttribute *attribute,
										   Datum value);

static inline int
scorecard_bin_of_numeric(const Scorecard *card, const ScorecardAttribute *attribute,
						 Datum value)
{
	int64		position;

	if (unlikely(attribute->kind != SCORECARD_NUMBER))
		return scorecard_bin_of_other_numeric(card, attribute, value);
	position = money_position(value, attribute->bound_scale);
	if (unlikely(position == MONEY_POSITION_NONE))
		return scorecard_bin_of_other_numeric(card, attribute, value);
	return scorecard_bin_at(card, attribute, position);
}

/* One value of any base type that makes sense. */
extern int	scorecard_bin_of_value(const Scorecard *card,
								   const ScorecardAttribute *attribute,
								   Datum value, Oid type);
extern int	scorecard_bin_of_null(const Scorecard *card,
								  const ScorecardAttribute *attribute);

/* Raise 22023 unless there are as many values as attributes. */
extern void scorecard_check_values(const Scorecard *card, int n);

#endif							/* SCORECARD_BINS_H */
