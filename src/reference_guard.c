/*
 * reference_guard.c
 *		Numbers in a remittance text that are no document numbers.
 *
 * A number that is (part of) an amount, a date or a telephone number is not
 * taken for a document number of digits alone; with its letters before it a
 * document number is still found.  What is part of an IBAN or of a
 * creditor reference is never taken.
 */
#include "cc_compat.h"

#include "mod_97.h"
#include "reference_key.h"
#include "reference_runs.h"

/* ISO 13616: a country's IBAN has 15 (Norway) to 34 characters. */
#define IBAN_MIN 15
#define IBAN_MAX 34

/* Both are printed in groups of four. */
#define GROUP 4

/* ITU-T E.164: at most 15 digits. */
#define PHONE_MIN_DIGITS 7
#define PHONE_MAX_DIGITS 15

static const char *const currencies[] = {
	"EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK",
	"HUF", "RON", "BGN", "TRY", "CNY", "RMB", "HKD", "SGD", "INR", "BRL", "MXN", "ZAR", "AED", "SAR",
	"EURO", "EUROS", "DOLLAR", "DOLLARS", NULL
};

static const char *const phone_words[] = {
	"TEL", "TELEFON", "TELEPHONE", "PHONE", "PH", "FAX", "TELEFAX", "MOB", "MOBILE", "MOBIL", "CELL",
	"CALL", "WHATSAPP", NULL
};

static const char *const months[] = {
	"JAN", "JANUARY", "JANUAR", "FEB", "FEBRUARY", "FEBRUAR", "MAR", "MARCH", "APR", "APRIL", "MAY",
	"JUN", "JUNE", "JUNI", "JUL", "JULY", "JULI", "AUG", "AUGUST", "SEP", "SEPT", "SEPTEMBER", "OCT",
	"OCTOBER", "OKT", "OKTOBER", "NOV", "NOVEMBER", "DEC", "DECEMBER", "DEZ", "DEZEMBER", NULL
};

bool
run_is_one_of(const char *text, const ReferenceRun *run, const char *const *words)
{
	int			length = run_length(run);

	for (; *words; words++)
	{
		int			i = 0;

		while (i < length && (*words)[i] != '\0')
		{
			char		c = text[run->start + i];

			if (c >= 'a' && c <= 'z')
				c += 'A' - 'a';
			if (c != (*words)[i])
				break;
			i++;
		}
		if (i == length && (*words)[i] == '\0')
			return true;
	}
	return false;
}

static inline bool
is_close(const ReferenceRun *run)
{
	return (run->gap & (GAP_NONE | GAP_JOIN)) != 0;
}

/* Whether the run is digits and this one character stands between it and the run before, digits too. */
static inline bool
continues(const ReferenceRun *runs, int nruns, int at, char separator)
{
	return at > 0 && at < nruns && runs[at].digits && runs[at - 1].digits &&
		runs[at].separator == separator;
}

/* 1.234,56 and 1,234.56 and 1'234.56 and 1234.56: mark it from its first run; how many runs it has, or 0. */
static int
amount_at(const ReferenceRun *runs, int nruns, int first)
{
	int			end = first + 1;
	char		group = 0;

	if (end < nruns && runs[end].digits &&
		(runs[end].separator == '.' || runs[end].separator == ',' || runs[end].separator == '\'') &&
		run_length(&runs[first]) <= 3)
	{
		group = runs[end].separator;
		while (continues(runs, nruns, end, group) && run_length(&runs[end]) == 3)
			end++;
	}
	if (end < nruns && runs[end].digits && run_length(&runs[end]) == 2 &&
		(runs[end].separator == '.' || runs[end].separator == ',') &&
		(end == first + 1 || runs[end].separator != group))
	{
		end++;
		/* More of the same is a date or a list. */
		if (continues(runs, nruns, end, '.') || continues(runs, nruns, end, ',') ||
			continues(runs, nruns, end, '/') || continues(runs, nruns, end, '-'))
			return 0;
		return end - first;
	}
	/* Groups of three without decimals; with commas they may be a list. */
	if (end > first + 1 && group != ',' && !(end < nruns && continues(runs, nruns, end, group)))
		return end - first;
	return 0;
}

static int
number_of(const char *text, const ReferenceRun *run)
{
	int			number = 0;

	for (int i = run->start; i < run->end && number < 10000; i++)
		number = number * 10 + text[i] - '0';
	return number;
}

/* Day and month in either order. */
static bool
is_day_and_month(int a, int b)
{
	return a >= 1 && b >= 1 && ((a <= 31 && b <= 12) || (a <= 12 && b <= 31));
}

/* 2026-01-31, 31.01.2026, 1/31/26 and the like. */
static bool
date_at(const char *text, const ReferenceRun *runs, int nruns, int first)
{
	const ReferenceRun *run = &runs[first];
	char		separator;
	int			lengths[3];
	int			numbers[3];

	if (first + 2 >= nruns)
		return false;
	separator = run[1].separator;
	if ((separator != '.' && separator != '-' && separator != '/') ||
		!continues(runs, nruns, first + 1, separator) || !continues(runs, nruns, first + 2, separator) ||
		continues(runs, nruns, first + 3, separator))
		return false;
	for (int i = 0; i < 3; i++)
	{
		lengths[i] = run_length(&run[i]);
		if (lengths[i] == 3 || lengths[i] > 4)
			return false;
		numbers[i] = number_of(text, &run[i]);
	}
	if (lengths[0] == 4)
		return lengths[1] <= 2 && lengths[2] <= 2 && is_day_and_month(numbers[2], numbers[1]);
	return lengths[1] <= 2 && lengths[2] >= 2 && is_day_and_month(numbers[0], numbers[1]);
}

/* The run behind a telephone number that begins here, if there are digits enough. */
static int
phone_end(const ReferenceRun *runs, int nruns, int first)
{
	int			ndigits = run_length(&runs[first]);
	int			end = first + 1;

	while (end < nruns && runs[end].digits && (runs[end].gap & GAP_LIST) == 0 &&
		   ndigits + run_length(&runs[end]) <= PHONE_MAX_DIGITS)
		ndigits += run_length(&runs[end++]);
	return ndigits >= PHONE_MIN_DIGITS && ndigits <= PHONE_MAX_DIGITS ? end : first;
}

/* North American (212) 555-0100 and 212-555-0100. */
static bool
is_three_three_four(const ReferenceRun *runs, int nruns, int first)
{
	return first + 2 < nruns && run_length(&runs[first]) == 3 &&
		runs[first + 1].digits && run_length(&runs[first + 1]) == 3 &&
		runs[first + 2].digits && run_length(&runs[first + 2]) == 4 &&
		(runs[first + 2].separator == '-' || runs[first + 2].separator == '.') &&
		(runs[first + 1].separator == runs[first + 2].separator ||
		 (runs[first + 1].gap & (GAP_JOIN | GAP_LIST | GAP_RANGE)) == 0);
}

int
coded_end(const char *text, bool utf8, const ReferenceRun *runs, int nruns, int first)
{
	char		code[IBAN_MAX];
	int			length = 0;
	int			group = 0;		/* characters since the last space */
	int			end = first;
	bool		ascii = true;

	/* Two letters and two check digits. */
	if (runs[first].digits || run_length(&runs[first]) != 2 || (runs[first].gap & GAP_NONE) ||
		first + 1 >= nruns || !runs[first + 1].digits || !(runs[first + 1].gap & GAP_NONE) ||
		run_length(&runs[first + 1]) < 2)
		return first;
	for (int at = first; at < nruns; at++)
	{
		int			before = length;

		/* Only the last group may be short, and a word behind a valid code is hardly part of it. */
		if (at > first && !(runs[at].gap & GAP_NONE))
		{
			if (runs[at].separator != ' ' || group != GROUP || (end > first && !runs[at].digits))
				break;
			group = 0;
		}
		if (length + run_length(&runs[at]) > IBAN_MAX)
			break;
		length += reference_strip(text + runs[at].start, run_length(&runs[at]), utf8, false, code + length);
		group += length - before;
		for (int i = before; i < length; i++)
			ascii = ascii && !IS_HIGHBIT_SET(code[i]);
		if (!ascii)
			break;
		if (at + 1 < nruns && (runs[at + 1].gap & GAP_NONE))
			continue;
		if (code[0] == 'R' && code[1] == 'F' ? is_creditor_reference(code, length)
			: length >= IBAN_MIN && mod_97(code, length) == 1)
			end = at + 1;
	}
	return end;
}

static void
mark(ReferenceRun *runs, int first, int end, uint8 guard)
{
	for (int i = first; i < end; i++)
		runs[i].guard |= guard;
}

/* Mark a number beside a currency: all of it, whatever its separators. */
static void
mark_amount_around(ReferenceRun *runs, int nruns, int at)
{
	int			first = at;
	int			end = at + 1;

	/* Three groups and decimals are a thousand millions; that bounds the work too. */
	while (at - first < 4 && (continues(runs, nruns, first, '.') || continues(runs, nruns, first, ',') ||
							  continues(runs, nruns, first, '\'')))
		first--;
	while (end - at < 5 && (continues(runs, nruns, end, '.') || continues(runs, nruns, end, ',') ||
							continues(runs, nruns, end, '\'')))
		end++;
	mark(runs, first, end, GUARD_AMOUNT);
}

void
reference_guard(const char *text, bool utf8, ReferenceRun *runs, int nruns)
{
	for (int i = 0; i < nruns; i++)
	{
		ReferenceRun *run = &runs[i];
		ReferenceRun *next = i + 1 < nruns ? &runs[i + 1] : NULL;

		mark(runs, i, coded_end(text, utf8, runs, nruns, i), GUARD_CODED);
		if (!run->digits)
		{
			bool		is_currency = run_is_one_of(text, run, currencies);
			bool		is_month = run_is_one_of(text, run, months);

			if (is_currency && i > 0 && runs[i - 1].digits && is_close(run))
				mark_amount_around(runs, nruns, i - 1);
			if (is_currency && next && next->digits && is_close(next))
				mark_amount_around(runs, nruns, i + 1);
			if (is_month && i > 0 && runs[i - 1].digits && run_length(&runs[i - 1]) <= 2)
				mark(runs, i - 1, i, GUARD_DATE);
			if (is_month && next && next->digits && (run_length(next) <= 2 || run_length(next) == 4))
				mark(runs, i + 1, i + 2, GUARD_DATE);
			if (next && next->digits && run_is_one_of(text, run, phone_words))
				mark(runs, i + 1, phone_end(runs, nruns, i + 1), GUARD_PHONE);
			continue;
		}

		/* Parts of what has been recognised are not looked at as beginnings. */
		if (!(run->guard & GUARD_AMOUNT) && !continues(runs, nruns, i, '.') && !continues(runs, nruns, i, ','))
			mark(runs, i, i + amount_at(runs, nruns, i), GUARD_AMOUNT);
		if ((run->gap & GAP_CURRENCY) || (next && (next->gap & (GAP_CURRENCY | GAP_PERCENT))))
			mark_amount_around(runs, nruns, i);
		if (date_at(text, runs, nruns, i))
			mark(runs, i, i + 3, GUARD_DATE);
		if (run->gap & GAP_PLUS)
			mark(runs, i, phone_end(runs, nruns, i), GUARD_PHONE);
		else if (is_three_three_four(runs, nruns, i))
			mark(runs, i, i + 3, GUARD_PHONE);
	}
}
