/*
 * scorecard_scan.c
 *		The words of a scorecard's text: numbers, quoted text, names.
 */
#include "cc_compat.h"

#include "utils/elog.h"

#include "scorecard_scan.h"

/* Lengths are limited before a text can come into a message, so that it fits. */
StaticAssertDecl(SCORECARD_MAX_NAME + 120 <= sizeof(((ScorecardFault *) NULL)->message),
				 "a message must have room for a name");

bool
card_fail(CardScanner *scanner, const char *at, int sqlstate, const char *hint,
		  const char *format,...)
{
	ScorecardFault *fault = scanner->fault;
	va_list		args;

	fault->sqlstate = sqlstate;
	fault->at = at - scanner->text;
	va_start(args, format);
	vsnprintf(fault->message, sizeof(fault->message), format, args);
	va_end(args);
	snprintf(fault->hint, sizeof(fault->hint), "%s", hint);
	return false;
}

bool
card_expected(CardScanner *scanner, const char *what)
{
	return card_fail(scanner, scanner->cursor, ERRCODE_INVALID_TEXT_REPRESENTATION, "",
					 "invalid input syntax for type credit.scorecard: expected %s", what);
}

void
card_spaces(CardScanner *scanner)
{
	while (card_is_space(*scanner->cursor))
		scanner->cursor++;
}

bool
card_take(CardScanner *scanner, char c)
{
	card_spaces(scanner);
	if (*scanner->cursor != c)
		return false;
	scanner->cursor++;
	return true;
}

bool
card_at_keyword(const char *p, const char *keyword)
{
	for (; *keyword != '\0'; p++, keyword++)
		if ((*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p) != *keyword)
			return false;
	return !scorecard_is_name_char(*p);
}

bool
card_take_keyword(CardScanner *scanner, const char *keyword)
{
	card_spaces(scanner);
	if (!card_at_keyword(scanner->cursor, keyword))
		return false;
	scanner->cursor += strlen(keyword);
	return true;
}

bool
card_number(CardScanner *scanner, DraftNumber *number)
{
	char	   *start;
	char	   *p;
	bool		negative;
	bool		seen_point = false;
	int			ndigits = 0;
	int			zeros = 0;		/* decimals 0 that count only if another digit follows */
	int64		units = 0;

	card_spaces(scanner);
	start = p = scanner->cursor;
	negative = (*p == '-');
	if (*p == '-' || *p == '+')
		p++;

	number->scale = 0;
	for (;; p++)
	{
		if (*p == '.' && !seen_point)
		{
			seen_point = true;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		ndigits++;
		if (seen_point && *p == '0')
		{
			zeros++;
			continue;
		}
		for (int times = seen_point ? zeros + 1 : 1; times > 0; times--)
		{
			number->scale += seen_point;
			if (units >= SCORECARD_MAX_BOUND / 10 ||
				number->scale > SCORECARD_BOUND_DIGITS)
				return card_fail(scanner, start, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "",
								 "number in a scorecard has more than %d digits",
								 SCORECARD_BOUND_DIGITS);
			units = units * 10 + (times == 1 ? *p - '0' : 0);
		}
		zeros = 0;
	}
	if (ndigits == 0)
		return card_expected(scanner, "a number");

	number->units = negative ? -units : units;
	scanner->cursor = p;
	return true;
}

bool
card_points(CardScanner *scanner, int64 *points)
{
	char	   *start;
	DraftNumber number = {0};
	int64		limit = SCORECARD_MAX_POINTS;

	card_spaces(scanner);
	start = scanner->cursor;
	if (!card_number(scanner, &number))
		return false;
	if (number.scale > SCORECARD_SCALE)
		return card_fail(scanner, start, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "",
						 "points of a scorecard have more than %d decimals", SCORECARD_SCALE);
	for (int i = 0; i < number.scale; i++)
		limit *= 10;
	if (number.units >= limit || number.units <= -limit)
		return card_fail(scanner, start, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "",
						 "points of a scorecard must be less than " INT64_FORMAT,
						 SCORECARD_MAX_POINTS);

	*points = number.units;
	for (int i = number.scale; i < SCORECARD_SCALE; i++)
		*points *= 10;
	return true;
}

/*
 * Text in quotes.  What was doubled in it is undone in place, behind the cursor,
 * so that what is still to be read, and its position, stay as they are.
 */
bool
card_quoted(CardScanner *scanner, char quote, size_t max, DraftText *text)
{
	char	   *start = scanner->cursor + 1;
	char	   *from = start;
	char	   *to = start;

	Assert(*scanner->cursor == quote);
	for (;;)
	{
		if (*from == '\0')
			return card_fail(scanner, scanner->cursor, ERRCODE_INVALID_TEXT_REPRESENTATION, "",
							 "invalid input syntax for type credit.scorecard: quoted text has no end");
		if (*from == quote && *++from != quote)
			break;
		*to++ = *from++;
	}
	text->start = start;
	text->length = to - start;
	if (text->length > max)
		return card_fail(scanner, scanner->cursor, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "",
						 "text in a scorecard is longer than %d bytes", (int) max);
	scanner->cursor = from;
	return true;
}

bool
card_name(CardScanner *scanner, const char *what, const char *extra, DraftText *name)
{
	char	   *start;

	card_spaces(scanner);
	start = scanner->cursor;
	if (*start == '"')
	{
		if (!card_quoted(scanner, '"', SCORECARD_MAX_NAME, name))
			return false;
	}
	else
	{
		while (scorecard_is_name_char(*scanner->cursor) ||
			   (*scanner->cursor != '\0' && strchr(extra, *scanner->cursor) != NULL))
			scanner->cursor++;
		name->start = start;
		name->length = scanner->cursor - start;
		if (name->length > SCORECARD_MAX_NAME)
			return card_fail(scanner, start, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "",
							 "text in a scorecard is longer than %d bytes", SCORECARD_MAX_NAME);
	}
	if (name->length == 0)
	{
		scanner->cursor = start;
		return card_expected(scanner, what);
	}
	return true;
}
