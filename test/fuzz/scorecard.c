/*
 * scorecard.c
 *		Fuzz target: the text of a credit.scorecard.
 *
 * Whatever is read is a value whose text reads back as the same bytes, whose bounds
 * and categories lead to their own bins; whatever is not has its error inside the
 * text.
 *
 * sources: scorecard_scan.c scorecard_parse.c scorecard_build.c scorecard_write.c
 */
#include "scorecard_text.h"

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

static void
must(bool condition)
{
	if (!condition)
		abort();
}

/* The value of a text, malloc'd, or NULL. */
static Scorecard *
read_card(const char *input)
{
	char	   *text = strdup(input);
	char	   *memory = malloc(scorecard_draft_init(NULL, input, NULL));
	ScorecardDraft draft;
	ScorecardFault fault = {0};
	Scorecard  *card = NULL;

	must(text != NULL && memory != NULL);
	scorecard_draft_init(&draft, input, memory);
	if (scorecard_parse(text, &draft, &fault))
	{
		card = calloc(1, scorecard_size(&draft));
		must(card != NULL);
		scorecard_fill(&draft, card);
	}
	else
		must(fault.sqlstate != 0 && fault.at <= strlen(input) && fault.message[0] != '\0');
	free(memory);
	free(text);
	return card;
}

static void
check_attribute(const Scorecard *card, const ScorecardAttribute *attribute)
{
	const ScorecardCategory *categories = scorecard_categories(card) + attribute->first_category;

	if (attribute->kind == SCORECARD_NUMBER)
	{
		for (int i = 0; i < attribute->nlisted; i++)
		{
			int64		bound = scorecard_bounds(card)[attribute->first_bound + i];

			must(scorecard_bin_at(card, attribute, bound - 1) == i);
			must(scorecard_bin_at(card, attribute, bound) == i + 1);
		}
	}
	for (int i = 0; i < attribute->ncategories; i++)
		must(scorecard_category(card, attribute, scorecard_text(card) + categories[i].text.offset,
								categories[i].text.length) == i);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *input = malloc(size + 1);
	Scorecard  *card;
	Scorecard  *again;
	char	   *text;

	must(input != NULL);
	if (size > 0)
		memcpy(input, data, size);
	input[size] = '\0';
	card = read_card(input);
	free(input);
	if (card == NULL)
		return 0;

	for (int i = 0; i < card->nattributes; i++)
		check_attribute(card, &card->attributes[i]);
	text = malloc(scorecard_write(card, NULL) + 1);
	must(text != NULL);
	scorecard_write(card, text);
	again = read_card(text);
	must(again != NULL && VARSIZE(again) == VARSIZE(card) &&
		 memcmp(again, card, VARSIZE(card)) == 0);
	free(again);
	free(text);
	free(card);
	return 0;
}
