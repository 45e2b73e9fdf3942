/*
 * scorecard_build.c
 *		From the draft of a scorecard to its value.
 */
#include "cc_compat.h"

#include "scorecard_text.h"

/* The parts of the value as they are filled, in memory that nobody else sees yet. */
typedef struct Builder
{
	Scorecard  *card;
	char	   *text;
	uint32		used;			/* bytes of text */
} Builder;

static ScorecardString
keep_text(Builder *builder, DraftText text)
{
	ScorecardString kept = {builder->used, (uint32) text.length};

	/* Nothing has no place, so that equal cards have equal bytes. */
	if (text.length == 0)
		return (ScorecardString) {0, 0};
	memcpy(builder->text + builder->used, text.start, text.length);
	builder->used += text.length;
	return kept;
}

static size_t
text_size(const ScorecardDraft *draft)
{
	size_t		size = 0;

	for (int i = 0; i < draft->nattributes; i++)
		size += draft->attributes[i].name.length + draft->attributes[i].reason.length;
	for (int i = 0; i < draft->nbins; i++)
		size += draft->bins[i].reason.length;
	for (int i = 0; i < draft->ncategories; i++)
		size += draft->categories[i].text.length;
	for (int i = 0; i < draft->ngrades; i++)
		size += draft->grades[i].name.length;
	return size;
}

static int
count_bounds(const ScorecardDraft *draft)
{
	int			nbounds = 0;

	for (int i = 0; i < draft->nattributes; i++)
		if (draft->attributes[i].kind == SCORECARD_NUMBER)
			nbounds += draft->attributes[i].nlisted;
	return nbounds;
}

size_t
scorecard_size(const ScorecardDraft *draft)
{
	return offsetof(Scorecard, attributes) +
		draft->nattributes * sizeof(ScorecardAttribute) +
		(count_bounds(draft) + draft->nbins) * sizeof(int64) +
		draft->ngrades * sizeof(ScorecardGrade) +
		draft->nbins * sizeof(ScorecardString) +
		draft->ncategories * sizeof(ScorecardCategory) +
		text_size(draft);
}

/*
 * Decimals that bounds are kept with: a multiple of 4 if they still fit, for numeric
 * has its digits in fours and is then read without a division.
 */
static int
kept_scale(const DraftAttribute *attribute, const DraftBin *bins)
{
	int			scale = (attribute->bound_scale + 3) / 4 * 4;
	int64		limit = SCORECARD_MAX_BOUND;

	for (int i = 0; i < scale; i++)
		limit /= 10;
	for (int i = 0; i < attribute->nlisted; i++)
	{
		int64		whole = bins[i].bound.units;

		for (int j = 0; j < bins[i].bound.scale; j++)
			whole /= 10;
		if (whole >= limit || whole <= -limit)
			return attribute->bound_scale;
	}
	return scale;
}

static int64
position_of_bound(const DraftBin *bin, int scale)
{
	int64		units = bin->bound.units;

	for (int i = bin->bound.scale; i < scale; i++)
		units *= 10;
	return 2 * units + bin->inclusive;
}

static void
fill_attribute(Builder *builder, const ScorecardDraft *draft,
			   const DraftAttribute *from, ScorecardAttribute *to, int first_bound)
{
	int64	   *bounds = unconstify(int64 *, scorecard_bounds(builder->card));
	const DraftBin *bins = draft->bins + from->first_bin;

	to->name = keep_text(builder, from->name);
	to->reason = keep_text(builder, from->reason);
	to->first_bin = from->first_bin;
	to->nlisted = from->nlisted;
	to->first_bound = first_bound;
	to->first_category = from->first_category;
	to->ncategories = from->ncategories;
	to->kind = from->kind;
	if (from->kind == SCORECARD_NUMBER)
		to->bound_scale = kept_scale(from, bins);
	to->has_else = from->has_else;
	to->has_null = from->has_null;

	to->best = bins[0].points;
	for (int bin = 1; bin < scorecard_nbins(to); bin++)
		to->best = Max(to->best, bins[bin].points);
	if (from->kind == SCORECARD_NUMBER)
		for (int i = 0; i < from->nlisted; i++)
			bounds[first_bound + i] = position_of_bound(&bins[i], to->bound_scale);
}

void
scorecard_fill(const ScorecardDraft *draft, Scorecard *card)
{
	Builder		builder = {.card = card};
	int64	   *points;
	ScorecardGrade *grades;
	ScorecardString *reasons;
	ScorecardCategory *categories;
	int			nbounds = 0;

	SET_VARSIZE(card, scorecard_size(draft));
	card->version = SCORECARD_VERSION;
	card->decimals = draft->decimals;
	card->scaled = draft->scaled;
	card->nattributes = draft->nattributes;
	card->nbounds = count_bounds(draft);
	card->nbins = draft->nbins;
	card->ncategories = draft->ncategories;
	card->ngrades = draft->ngrades;
	card->start = draft->start;
	card->base = draft->base;
	card->odds = draft->odds;
	card->pdo = draft->pdo;

	/* With the counts filled in, every part has its place. */
	points = unconstify(int64 *, scorecard_points(card));
	grades = unconstify(ScorecardGrade *, scorecard_grades(card));
	reasons = unconstify(ScorecardString *, scorecard_reasons(card));
	categories = unconstify(ScorecardCategory *, scorecard_categories(card));
	builder.text = unconstify(char *, scorecard_text(card));

	for (int i = 0; i < draft->nattributes; i++)
	{
		const DraftAttribute *attribute = &draft->attributes[i];

		fill_attribute(&builder, draft, attribute, &card->attributes[i], nbounds);
		if (attribute->kind == SCORECARD_NUMBER)
			nbounds += attribute->nlisted;
	}
	for (int i = 0; i < draft->nbins; i++)
	{
		points[i] = draft->bins[i].points;
		reasons[i] = keep_text(&builder, draft->bins[i].reason);
	}
	for (int i = 0; i < draft->ncategories; i++)
	{
		categories[i].text = keep_text(&builder, draft->categories[i].text);
		categories[i].bin = draft->categories[i].bin;
		categories[i].sorted = draft->categories[i].sorted;
	}
	for (int i = 0; i < draft->ngrades; i++)
	{
		grades[i].from = draft->grades[i].from;
		grades[i].name = keep_text(&builder, draft->grades[i].name);
	}
	Assert((char *) builder.text + builder.used == (char *) card + VARSIZE(card));
}

int
scorecard_category(const Scorecard *card, const ScorecardAttribute *attribute,
				   const char *text, size_t length)
{
	const ScorecardCategory *categories = scorecard_categories(card) + attribute->first_category;
	const char *texts = scorecard_text(card);
	int			low = 0;
	int			high = attribute->ncategories;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			number = categories[middle].sorted;
		ScorecardString other = categories[number].text;
		int			order = scorecard_compare_text(texts + other.offset, other.length,
												   text, length);

		if (order == 0)
			return number;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}
