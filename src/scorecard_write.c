/*
 * scorecard_write.c
 *		From the value of a scorecard to its text.
 */
#include "cc_compat.h"

#include "scorecard_text.h"

/* Counts what is written, and writes it if there is somewhere to. */
typedef struct Writer
{
	char	   *out;
	size_t		length;
} Writer;

static void
put_bytes(Writer *writer, const char *bytes, size_t length)
{
	if (writer->out != NULL)
		memcpy(writer->out + writer->length, bytes, length);
	writer->length += length;
}

static void
put(Writer *writer, const char *text)
{
	put_bytes(writer, text, strlen(text));
}

static size_t
finish(Writer *writer)
{
	if (writer->out != NULL)
		writer->out[writer->length] = '\0';
	return writer->length;
}

/* Without decimals that are zero at the end. */
static void
put_number(Writer *writer, int64 units, int scale)
{
	char		buf[40];		/* sign, 19 digits and a point, or more zeros */
	char	   *p = buf + sizeof(buf);
	uint64		rest = units < 0 ? -(uint64) units : (uint64) units;

	while (scale > 0 && rest % 10 == 0)
	{
		rest /= 10;
		scale--;
	}
	for (int ndigits = 0; rest != 0 || ndigits <= scale; ndigits++)
	{
		if (ndigits == scale && scale > 0)
			*--p = '.';
		*--p = '0' + (int) (rest % 10);
		rest /= 10;
	}
	if (units < 0)
		*--p = '-';
	put_bytes(writer, p, buf + sizeof(buf) - p);
}

static void
put_points(Writer *writer, int64 points)
{
	put_number(writer, points, SCORECARD_SCALE);
}

static void
put_quoted(Writer *writer, const char *text, size_t length, char quote)
{
	put_bytes(writer, &quote, 1);
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == quote)
			put_bytes(writer, &quote, 1);
		put_bytes(writer, &text[i], 1);
	}
	put_bytes(writer, &quote, 1);
}

/* In any case, as words are read. */
static bool
is_word(const char *name, size_t length, const char *word)
{
	if (length != strlen(word))
		return false;
	for (size_t i = 0; i < length; i++)
		if ((name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]) != word[i])
			return false;
	return true;
}

/* Plain if it reads back as a name; `word` is one that would be taken for another thing. */
static void
put_name(Writer *writer, const char *name, size_t length, const char *extra, const char *word)
{
	bool		plain = !is_word(name, length, word);

	for (size_t i = 0; i < length && plain; i++)
		plain = scorecard_is_name_char(name[i]) ||
			(name[i] != '\0' && strchr(extra, name[i]) != NULL);
	if (plain)
		put_bytes(writer, name, length);
	else
		put_quoted(writer, name, length, '"');
}

static void
put_condition(Writer *writer, const Scorecard *card,
			  const ScorecardAttribute *attribute, int bin)
{
	const char *text = scorecard_text(card);
	const ScorecardCategory *categories = scorecard_categories(card) + attribute->first_category;
	int			first = 0;

	if (bin >= attribute->nlisted)
	{
		put(writer, attribute->has_else && bin == attribute->nlisted ? "else" : "null");
		return;
	}
	if (attribute->kind == SCORECARD_NUMBER)
	{
		int64		position = scorecard_bounds(card)[attribute->first_bound + bin];

		put(writer, position % 2 == 0 ? "<" : "<=");
		put_number(writer, (position - (position % 2 != 0)) / 2, attribute->bound_scale);
		return;
	}
	/* Categories are in the order of their bins. */
	for (int end = attribute->ncategories; first < end;)
	{
		int			middle = (first + end) / 2;

		if (categories[middle].bin < bin)
			first = middle + 1;
		else
			end = middle;
	}
	for (int i = first; i < attribute->ncategories && categories[i].bin == bin; i++)
	{
		if (i > first)
			put(writer, ",");
		put_quoted(writer, text + categories[i].text.offset, categories[i].text.length, '\'');
	}
}

static void
put_attribute(Writer *writer, const Scorecard *card, const ScorecardAttribute *attribute)
{
	const char *text = scorecard_text(card);

	put_name(writer, text + attribute->name.offset, attribute->name.length, "", "grades");
	put(writer, ": ");
	for (int bin = 0; bin < scorecard_nbins(attribute); bin++)
	{
		ScorecardString reason = scorecard_reasons(card)[attribute->first_bin + bin];

		if (bin > 0)
			put(writer, ", ");
		put_condition(writer, card, attribute, bin);
		/* As people write it: else is followed by its points. */
		put(writer, bin == attribute->nlisted && attribute->has_else ? " " : " => ");
		put_points(writer, scorecard_points(card)[attribute->first_bin + bin]);
		if (reason.length > 0)
		{
			put(writer, " (");
			put_quoted(writer, text + reason.offset, reason.length, '"');
			put(writer, ")");
		}
	}
	if (attribute->reason.length > 0)
	{
		put(writer, " ");
		put_quoted(writer, text + attribute->reason.offset, attribute->reason.length, '"');
	}
}

static void
put_grades(Writer *writer, const Scorecard *card)
{
	const ScorecardGrade *grades = scorecard_grades(card);
	const char *text = scorecard_text(card);

	put(writer, "; grades: ");
	for (int i = 0; i < card->ngrades; i++)
	{
		bool		last = (i == card->ngrades - 1);

		if (i > 0)
			put(writer, ", ");
		if (last)
			put(writer, "else ");
		put_name(writer, text + grades[i].name.offset, grades[i].name.length, "+-", "else");
		if (!last)
		{
			put(writer, ">=");
			put_points(writer, grades[i].from);
		}
	}
}

/* What is as it is without saying is not said. */
static void
put_header(Writer *writer, const Scorecard *card)
{
	if (card->scaled)
	{
		put(writer, "base ");
		put_points(writer, card->base);
		put(writer, " odds ");
		put_points(writer, card->odds);
		put(writer, " pdo ");
		put_points(writer, card->pdo);
	}
	if (card->start != 0)
	{
		put(writer, writer->length > 0 ? " start " : "start ");
		put_points(writer, card->start);
	}
	if (card->decimals != 0)
	{
		put(writer, writer->length > 0 ? " decimals " : "decimals ");
		put_number(writer, card->decimals, 0);
	}
	if (writer->length > 0)
		put(writer, "; ");
}

size_t
scorecard_write(const Scorecard *card, char *out)
{
	Writer		writer = {out, 0};

	put_header(&writer, card);
	for (int i = 0; i < card->nattributes; i++)
	{
		if (i > 0)
			put(&writer, "; ");
		put_attribute(&writer, card, &card->attributes[i]);
	}
	if (card->ngrades > 0)
		put_grades(&writer, card);
	return finish(&writer);
}

size_t
scorecard_write_condition(const Scorecard *card, const ScorecardAttribute *attribute,
						  int bin, char *out)
{
	Writer		writer = {out, 0};

	put_condition(&writer, card, attribute, bin);
	return finish(&writer);
}

size_t
scorecard_write_name(const char *name, size_t length, char *out)
{
	Writer		writer = {out, 0};

	put_name(&writer, name, length, "", "grades");
	return finish(&writer);
}
