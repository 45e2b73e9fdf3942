/*
 * scorecard_parse.c
 *		Reading the text of a scorecard.
 */
#include "cc_compat.h"

#include "utils/elog.h"

#include "scorecard_scan.h"

static bool
same_text(DraftText a, DraftText b)
{
	return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

/* Which of two numbers is greater, whatever their decimals. */
static int
compare_numbers(const DraftNumber *a, const DraftNumber *b)
{
	int128		x = a->units;
	int128		y = b->units;

	for (int i = a->scale; i < b->scale; i++)
		x *= 10;
	for (int i = b->scale; i < a->scale; i++)
		y *= 10;
	return (x > y) - (x < y);
}

/*
 * Order of two cuts between numbers: where "<3" ends is before where "<=3" ends.
 * A bin ends at such a cut, and the next one begins there.
 */
static int
compare_cuts(const DraftNumber *a, bool a_inclusive,
			 const DraftNumber *b, bool b_inclusive)
{
	int			order = compare_numbers(a, b);

	return order != 0 ? order : (int) a_inclusive - (int) b_inclusive;
}

/* A new listed bin; NULL, with the fault reported, if there is no room. */
static DraftBin *
add_bin(CardScanner *scanner, const char *at)
{
	if (scanner->draft->nbins == SCORECARD_MAX_BINS)
	{
		card_fail(scanner, at, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "",
				  "a scorecard has at most %d bins", SCORECARD_MAX_BINS);
		return NULL;
	}
	return &scanner->draft->bins[scanner->draft->nbins++];
}

/* The attribute's listed bins are all of one kind. */
static bool
set_kind(CardScanner *scanner, DraftAttribute *attribute, ScorecardKind kind)
{
	if (attribute->kind != SCORECARD_ANY && attribute->kind != kind)
		return card_fail(scanner, scanner->cursor, ERRCODE_INVALID_PARAMETER_VALUE, "",
						 "attribute \"%.*s\" has bins of numbers and of categories",
						 TEXT_ARGS(attribute->name));
	if (attribute->has_else)
		return card_fail(scanner, scanner->cursor, ERRCODE_INVALID_PARAMETER_VALUE,
						 "Nothing is left for a bin after else.",
						 "bins of attribute \"%.*s\" overlap", TEXT_ARGS(attribute->name));
	attribute->kind = kind;
	return true;
}

/* "=> 45" and, in parentheses, a reason. */
static bool
parse_outcome(CardScanner *scanner, bool arrow_optional, DraftBin *bin)
{
	card_spaces(scanner);
	if (scanner->cursor[0] == '=' && scanner->cursor[1] == '>')
		scanner->cursor += 2;
	else if (!arrow_optional)
		return card_expected(scanner, "=>");
	if (!card_points(scanner, &bin->points))
		return false;
	if (card_take(scanner, '('))
	{
		card_spaces(scanner);
		if (*scanner->cursor != '"')
			return card_expected(scanner, "a reason in double quotes");
		if (!card_quoted(scanner, '"', SCORECARD_MAX_TEXT, &bin->reason))
			return false;
		if (!card_take(scanner, ')'))
			return card_expected(scanner, "a closing parenthesis");
	}
	return true;
}

static void
take_comparison(CardScanner *scanner, bool *or_equal)
{
	scanner->cursor++;
	*or_equal = (*scanner->cursor == '=');
	if (*or_equal)
		scanner->cursor++;
}

/*
 * A bin of numbers.  With a lower bound it must begin where the bin before it
 * ends; without an upper bound it is what else is.
 */
static bool
parse_number_bin(CardScanner *scanner, DraftAttribute *attribute)
{
	char	   *start = scanner->cursor;
	const DraftBin *before = NULL;
	DraftBin   *bin;

	if (!set_kind(scanner, attribute, SCORECARD_NUMBER))
		return false;
	if (attribute->nlisted > 0)
		before = &scanner->draft->bins[scanner->draft->nbins - 1];

	if (*start == '>')
	{
		DraftNumber lower = {0};
		bool		from_it;
		int			order;

		take_comparison(scanner, &from_it);
		if (!card_number(scanner, &lower))
			return false;
		/* What is not yet covered begins at the cut before ">=3" or after ">3". */
		order = before == NULL ? 1 :
			compare_cuts(&lower, !from_it, &before->bound, before->inclusive);
		if (order > 0)
			return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE,
							 "Each bin begins where the one before it ends, and the first has no lower bound.",
							 "bins of attribute \"%.*s\" leave a gap", TEXT_ARGS(attribute->name));
		if (order < 0)
			return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE,
							 "Each bin begins where the one before it ends, and the first has no lower bound.",
							 "bins of attribute \"%.*s\" overlap", TEXT_ARGS(attribute->name));
		card_spaces(scanner);
	}

	if ((bin = add_bin(scanner, start)) == NULL)
		return false;
	if (*scanner->cursor != '<')
	{
		attribute->has_else = true;
		return parse_outcome(scanner, false, bin);
	}

	take_comparison(scanner, &bin->inclusive);
	if (!card_number(scanner, &bin->bound))
		return false;
	if (before != NULL &&
		compare_cuts(&bin->bound, bin->inclusive, &before->bound, before->inclusive) <= 0)
		return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE,
						 "Upper bounds must ascend.",
						 "bins of attribute \"%.*s\" overlap", TEXT_ARGS(attribute->name));
	attribute->nlisted++;
	attribute->bound_scale = Max(attribute->bound_scale, bin->bound.scale);
	return parse_outcome(scanner, false, bin);
}

/* A category, put in order among those of its attribute; none may come twice. */
static bool
parse_category(CardScanner *scanner, DraftAttribute *attribute)
{
	ScorecardDraft *draft = scanner->draft;
	DraftCategory *categories = draft->categories + attribute->first_category;
	DraftCategory *category = categories + attribute->ncategories;
	char	   *start = scanner->cursor;
	int			low = 0;
	int			high = attribute->ncategories;

	if (draft->ncategories == SCORECARD_MAX_CATEGORIES)
		return card_fail(scanner, start, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "",
						 "a scorecard has at most %d categories", SCORECARD_MAX_CATEGORIES);
	if (!card_quoted(scanner, '\'', SCORECARD_MAX_TEXT, &category->text))
		return false;
	category->bin = attribute->nlisted;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const DraftText *other = &categories[categories[middle].sorted].text;
		int			order = scorecard_compare_text(other->start, other->length,
												   category->text.start, category->text.length);

		if (order == 0)
			return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE, "",
							 "attribute \"%.*s\" has a category twice", TEXT_ARGS(attribute->name));
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (int i = attribute->ncategories; i > low; i--)
		categories[i].sorted = categories[i - 1].sorted;
	categories[low].sorted = attribute->ncategories;

	attribute->ncategories++;
	draft->ncategories++;
	return true;
}

static bool
parse_category_bin(CardScanner *scanner, DraftAttribute *attribute)
{
	DraftBin   *bin;

	if (!set_kind(scanner, attribute, SCORECARD_CATEGORY) ||
		(bin = add_bin(scanner, scanner->cursor)) == NULL)
		return false;
	do
	{
		card_spaces(scanner);
		if (*scanner->cursor != '\'')
			return card_expected(scanner, "a category in single quotes");
		if (!parse_category(scanner, attribute))
			return false;
	} while (card_take(scanner, ','));
	attribute->nlisted++;
	return parse_outcome(scanner, false, bin);
}

/* Once at most, and kept apart until all bins are read: it is the last one. */
static bool
parse_null_bin(CardScanner *scanner, const char *start, DraftAttribute *attribute, DraftBin *bin)
{
	if (attribute->has_null)
		return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE, "",
						 "attribute \"%.*s\" has two bins for null", TEXT_ARGS(attribute->name));
	attribute->has_null = true;
	return parse_outcome(scanner, true, bin);
}

static bool
parse_else_bin(CardScanner *scanner, const char *start, DraftAttribute *attribute)
{
	DraftBin   *bin;

	if (attribute->has_else)
		return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE, "",
						 "attribute \"%.*s\" has two bins for all other values",
						 TEXT_ARGS(attribute->name));
	if ((bin = add_bin(scanner, start)) == NULL)
		return false;
	attribute->has_else = true;
	return parse_outcome(scanner, true, bin);
}

/* All bounds of an attribute are kept with the decimals of the finest one. */
static bool
check_bounds(CardScanner *scanner, const char *at, const DraftAttribute *attribute)
{
	const DraftBin *bins = scanner->draft->bins + attribute->first_bin;

	for (int i = 0; i < attribute->nlisted; i++)
	{
		int128		units = bins[i].bound.units;

		for (int scale = bins[i].bound.scale; scale < attribute->bound_scale; scale++)
			units *= 10;
		if (units >= SCORECARD_MAX_BOUND || units <= -SCORECARD_MAX_BOUND)
			return card_fail(scanner, at, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "",
							 "bounds of attribute \"%.*s\" need more than %d digits",
							 TEXT_ARGS(attribute->name), SCORECARD_BOUND_DIGITS);
	}
	return true;
}

/* What follows the last bin: a reason perhaps, and nothing else. */
static bool
parse_attribute_end(CardScanner *scanner, DraftAttribute *attribute)
{
	card_spaces(scanner);
	if (*scanner->cursor == '"' &&
		!card_quoted(scanner, '"', SCORECARD_MAX_TEXT, &attribute->reason))
		return false;
	card_spaces(scanner);
	if (*scanner->cursor == ',')
		return card_fail(scanner, scanner->cursor, ERRCODE_INVALID_TEXT_REPRESENTATION,
						 "A reason after the last bin is that of the attribute; that of one bin stands in parentheses.",
						 "invalid input syntax for type credit.scorecard: bins end with the reason");
	if (*scanner->cursor != ';' && *scanner->cursor != '\0')
		return card_expected(scanner, "a comma, a semicolon or the end");
	return true;
}

static bool
parse_attribute(CardScanner *scanner, DraftText name, const char *at)
{
	ScorecardDraft *draft = scanner->draft;
	DraftAttribute *attribute;
	DraftBin	null_bin = {0};
	const char *last_listed = at;

	for (int i = 0; i < draft->nattributes; i++)
		if (same_text(draft->attributes[i].name, name))
			return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE, "",
							 "attribute \"%.*s\" is in the scorecard twice", TEXT_ARGS(name));
	if (draft->nattributes == SCORECARD_MAX_ATTRIBUTES)
		return card_fail(scanner, at, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "",
						 "a scorecard has at most %d attributes", SCORECARD_MAX_ATTRIBUTES);
	attribute = &draft->attributes[draft->nattributes++];
	attribute->name = name;
	attribute->first_bin = draft->nbins;
	attribute->first_category = draft->ncategories;

	do
	{
		char	   *start;
		bool		parsed;

		card_spaces(scanner);
		start = scanner->cursor;
		if (*start == '<' || *start == '>')
		{
			last_listed = start;
			parsed = parse_number_bin(scanner, attribute);
		}
		else if (*start == '\'')
			parsed = parse_category_bin(scanner, attribute);
		else if (card_take_keyword(scanner, "null"))
			parsed = parse_null_bin(scanner, start, attribute, &null_bin);
		else if (card_take_keyword(scanner, "else"))
			parsed = parse_else_bin(scanner, start, attribute);
		else
			parsed = card_expected(scanner, "a bin: <, <=, a category in single quotes, else or null");
		if (!parsed)
			return false;
	} while (card_take(scanner, ','));

	if (!parse_attribute_end(scanner, attribute))
		return false;
	if (attribute->kind == SCORECARD_NUMBER && !attribute->has_else)
		return card_fail(scanner, last_listed, ERRCODE_INVALID_PARAMETER_VALUE,
						 "Add else, for the values above the last bound.",
						 "bins of attribute \"%.*s\" leave a gap", TEXT_ARGS(name));
	if (attribute->kind == SCORECARD_ANY && !attribute->has_else)
		return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE,
						 "Add else, or bins of numbers or categories.",
						 "attribute \"%.*s\" has points for missing values only", TEXT_ARGS(name));
	if (!check_bounds(scanner, at, attribute))
		return false;
	if (attribute->has_null)
	{
		DraftBin   *bin = add_bin(scanner, at);

		if (bin == NULL)
			return false;
		*bin = null_bin;
	}
	return true;
}

static bool
parse_grades(CardScanner *scanner, const char *at)
{
	ScorecardDraft *draft = scanner->draft;
	bool		last = false;

	if (draft->ngrades > 0)
		return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE, "",
						 "grades are in the scorecard twice");
	do
	{
		DraftGrade *grade = &draft->grades[draft->ngrades];
		char	   *start;

		card_spaces(scanner);
		start = scanner->cursor;
		if (last)
			return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE,
							 "Nothing is left for a grade after else.",
							 "grades of a scorecard must descend");
		if (draft->ngrades == SCORECARD_MAX_GRADES)
			return card_fail(scanner, start, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "",
							 "a scorecard has at most %d grades", SCORECARD_MAX_GRADES);
		last = card_take_keyword(scanner, "else");
		if (!card_name(scanner, "the name of a grade", "+-", &grade->name))
			return false;
		for (int i = 0; i < draft->ngrades; i++)
			if (same_text(draft->grades[i].name, grade->name))
				return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE, "",
								 "grade \"%.*s\" is in the scorecard twice",
								 TEXT_ARGS(grade->name));
		if (!last)
		{
			card_spaces(scanner);
			if (scanner->cursor[0] != '>' || scanner->cursor[1] != '=')
				return card_expected(scanner, ">= after the name of a grade");
			scanner->cursor += 2;
			if (!card_points(scanner, &grade->from))
				return false;
			if (draft->ngrades > 0 && grade->from >= grade[-1].from)
				return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE,
								 "Write the best grade first.",
								 "grades of a scorecard must descend");
		}
		draft->ngrades++;
	} while (card_take(scanner, ','));

	if (!last)
		return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE,
						 "Add else and the grade of all lower scores.",
						 "grades of a scorecard leave a gap");
	return true;
}

/* A name and a colon, or the end of it all. */
static bool
parse_section(CardScanner *scanner)
{
	DraftText	name;
	char	   *start;

	card_spaces(scanner);
	start = scanner->cursor;
	if (!card_name(scanner, "the name of an attribute", "", &name))
		return false;
	if (!card_take(scanner, ':'))
		return card_expected(scanner, "a colon after the name of an attribute");
	/* The name may be quoted to be an attribute's. */
	if (card_at_keyword(start, "grades"))
		return parse_grades(scanner, start);
	return parse_attribute(scanner, name, start);
}

typedef enum HeaderWord
{
	HEADER_BASE,
	HEADER_ODDS,
	HEADER_PDO,
	HEADER_START,
	HEADER_DECIMALS,
	HEADER_NWORDS
} HeaderWord;

static const char *const header_words[HEADER_NWORDS] = {
	"base", "odds", "pdo", "start", "decimals"
};

static bool
parse_header_value(CardScanner *scanner, HeaderWord word)
{
	ScorecardDraft *draft = scanner->draft;
	int64		value;
	char	   *at;

	card_spaces(scanner);
	at = scanner->cursor;
	if (!card_points(scanner, &value))
		return false;
	switch (word)
	{
		case HEADER_BASE:
			draft->base = value;
			break;
		case HEADER_ODDS:
			/* "50:1" */
			if (card_take(scanner, ':'))
			{
				int64		one;

				card_spaces(scanner);
				at = scanner->cursor;
				if (!card_points(scanner, &one))
					return false;
				if (one != SCORECARD_UNIT)
					return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE,
									 "Write how many good ones there are to one bad one, such as 50:1.",
									 "odds of a scorecard must be to 1");
			}
			if (value <= 0)
				return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE,
								 "Odds are how many good ones there are to one bad one.",
								 "odds of a scorecard must be greater than zero");
			draft->odds = value;
			break;
		case HEADER_PDO:
			if (value <= 0)
				return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE,
								 "They are the points that double the odds.",
								 "pdo of a scorecard must be greater than zero");
			draft->pdo = value;
			break;
		case HEADER_START:
			draft->start = value;
			break;
		default:
			if (value % SCORECARD_UNIT != 0 || value < 0 ||
				value > SCORECARD_SCALE * SCORECARD_UNIT)
				return card_fail(scanner, at, ERRCODE_INVALID_PARAMETER_VALUE, "",
								 "decimals of a scorecard must be a whole number from 0 to %d",
								 SCORECARD_SCALE);
			draft->decimals = value / SCORECARD_UNIT;
	}
	return true;
}

/* The header word at the cursor, or HEADER_NWORDS. */
static HeaderWord
header_word(const CardScanner *scanner)
{
	HeaderWord	word = 0;

	while (word < HEADER_NWORDS && !card_at_keyword(scanner->cursor, header_words[word]))
		word++;
	return word;
}

/* Is the first section a header?  An attribute may have the name of a header word. */
static bool
has_header(CardScanner *scanner)
{
	HeaderWord	word;
	const char *p;

	card_spaces(scanner);
	word = header_word(scanner);
	if (word == HEADER_NWORDS)
		return false;
	p = scanner->cursor + strlen(header_words[word]);
	while (card_is_space(*p))
		p++;
	return *p != ':';
}

static bool
parse_header(CardScanner *scanner)
{
	ScorecardDraft *draft = scanner->draft;
	char	   *start = scanner->cursor;
	bool		seen[HEADER_NWORDS] = {false};

	while (*scanner->cursor != '\0' && *scanner->cursor != ';')
	{
		HeaderWord	word = header_word(scanner);

		if (word == HEADER_NWORDS)
			return card_expected(scanner, "base, odds, pdo, start, decimals or a semicolon");
		if (seen[word])
			return card_fail(scanner, scanner->cursor, ERRCODE_INVALID_PARAMETER_VALUE, "",
							 "%s is in the scorecard twice", header_words[word]);
		seen[word] = true;
		scanner->cursor += strlen(header_words[word]);
		if (!parse_header_value(scanner, word))
			return false;
		card_spaces(scanner);
	}

	draft->scaled = seen[HEADER_BASE];
	if (seen[HEADER_ODDS] != draft->scaled || seen[HEADER_PDO] != draft->scaled)
		return card_fail(scanner, start, ERRCODE_INVALID_PARAMETER_VALUE,
						 "For example: base 600 odds 50 pdo 20.",
						 "base, odds and pdo of a scorecard belong together");
	return true;
}

/*
 * Every attribute, bin, category and grade but the first has a comma or semicolon
 * before it.
 */
size_t
scorecard_draft_init(ScorecardDraft *draft, const char *text, char *memory)
{
	size_t		most = 1;
	size_t		bins;
	size_t		categories;
	size_t		grades;
	size_t		end;

	for (const char *p = text; *p != '\0'; p++)
		most += (*p == ',' || *p == ';');
	bins = MAXALIGN(Min(most, SCORECARD_MAX_ATTRIBUTES) * sizeof(DraftAttribute));
	categories = bins + MAXALIGN(Min(most, SCORECARD_MAX_BINS) * sizeof(DraftBin));
	grades = categories + MAXALIGN(Min(most, SCORECARD_MAX_CATEGORIES) * sizeof(DraftCategory));
	end = grades + MAXALIGN(Min(most, SCORECARD_MAX_GRADES) * sizeof(DraftGrade));

	if (memory != NULL)
	{
		memset(draft, 0, sizeof(ScorecardDraft));
		memset(memory, 0, end);
		draft->attributes = (DraftAttribute *) memory;
		draft->bins = (DraftBin *) (memory + bins);
		draft->categories = (DraftCategory *) (memory + categories);
		draft->grades = (DraftGrade *) (memory + grades);
	}
	return end;
}

bool
scorecard_parse(char *text, ScorecardDraft *draft, ScorecardFault *fault)
{
	CardScanner		scanner = {.text = text,.cursor = text,.draft = draft,.fault = fault};

	if (has_header(&scanner))
	{
		if (!parse_header(&scanner))
			return false;
		card_take(&scanner, ';');
	}
	do
	{
		card_spaces(&scanner);
		/* A semicolon may end the last section too. */
		if (*scanner.cursor == '\0' && draft->nattributes > 0)
			return true;
		if (!parse_section(&scanner))
			return false;
	} while (card_take(&scanner, ';'));

	if (*scanner.cursor != '\0')
		return card_expected(&scanner, "a comma, a semicolon or the end");
	if (draft->nattributes == 0)
		return card_expected(&scanner, "an attribute");
	return true;
}
