/*
 * reference_scan.c
 *		Where in a free text a document number may stand.
 *
 * Payers write one number in many ways: "INV-2026/00123", "inv 2026 123",
 * "Invoices INV100, 101 & 102", "INV 100-104", "100234/35/36".  Candidates are
 * made for each reading; which of them is a document number, the list of open
 * ones tells.
 */
#include "cc_compat.h"

#include "mod_97.h"
#include "reference_key.h"
#include "reference_runs.h"
#include "reference_scan.h"

/* Runs of one candidate: a printed creditor reference has up to nine. */
#define MAX_RUNS 12

/* A creditor reference of 25 characters in groups of four; full-width characters are not printed. */
#define MAX_PRINTED 31

/* Separators inside a document number, in characters: " / " and " - ". */
#define MAX_JOIN 3

/*
 * Letters of a number: of its first run ("GUTSCHRIFT"), of several words in
 * front together ("INV NO"), of a later run ("REV"), of a word behind ("RX").
 */
#define MAX_FIRST_LETTERS 16
#define MAX_FRONT_LETTERS 8
#define MAX_LATER_LETTERS 3
#define MAX_WORD_BEHIND 2

/* A number of digits alone: in one word of its own, at the end of a word, put together from several. */
#define MIN_DIGITS_WORD 3
#define MIN_DIGITS_IN_WORD 5
#define MIN_DIGITS_JOINED 6
#define NEVER PG_INT32_MAX

/* Lists and ranges. */
#define MAX_CONTEXTS 4
#define MAX_NUMBER 18			/* digits that fit in int64 */
#define MAX_RANGE 200			/* numbers of one range */
#define MAX_RANGE_NUMBERS 5000	/* of all ranges of a text */

static const char *const range_words[] = {"TO", "THRU", "THROUGH", "UNTIL", "TILL", "BIS", "AU", "AL", "HASTA", "T", NULL};
/* What may stand between "invoice" and its number. */
static const char *const number_words[] = {"NO", "NOS", "NR", "NRS", "NUM", "NUMBER", "NUMBERS", "NUMMER", "NUMERO", "N", NULL};

static const char *const list_words[] = {"AND", "UND", "ET", "Y", "E", "EN", "OG", "OCH", "U", "PLUS", NULL};

/* A number with what stands before it, to which a list or a range may follow. */
typedef struct Context
{
	char		prefix[REFERENCE_MAX_LENGTH];	/* stripped; has a letter, or is empty */
	int			prefix_length;
	int			start;			/* byte at which prefix and number begin */
	int			run;			/* the number itself */
	char		number[MAX_NUMBER];
	int			number_length;
} Context;

typedef struct Scan
{
	const char *text;
	bool		utf8;
	const ReferenceRun *runs;
	int			nruns;
	ReferenceVisit visit;
	void	   *arg;
	Context		contexts[MAX_CONTEXTS];
	int			ncontexts;
	int			range_numbers;	/* visited so far */
} Scan;

/* The ASCII character that does for one of UTF-8 which is no letter. */
static char
plain_separator(const unsigned char *p, int length)
{
	if (length == 2)
	{
		if (p[1] == 0xA0)		/* no-break space */
			return ' ';
		return p[1] >= 0xA2 && p[1] <= 0xA5 ? '$' : '#';
	}
	if (p[0] == 0xE2 && p[1] == 0x82)	/* U+20A0 and on: currencies */
		return '$';
	if (p[0] == 0xE2 && p[1] == 0x80 && p[2] <= 0x8F)	/* U+2000 to U+200F: spaces */
		return ' ';
	if (p[0] == 0xE2 && p[1] == 0x80 && p[2] <= 0x95)	/* U+2010 to U+2015: dashes */
		return '-';
	return '#';
}

/* What stands between two runs. */
static void
describe_gap(const char *text, int start, int end, bool utf8, ReferenceRun *run)
{
	int			nchars = 0;
	int			nspaces = 0;
	int			ndashes = 0;
	int			ndots = 0;
	int			nlist = 0;
	int			nbreaks = 0;
	const char *p = text + start;

	if (start == end)
	{
		run->gap = GAP_NONE;
		return;
	}
	while (p < text + end)
	{
		int			length;
		char		ascii;

		reference_char(p, text + end, utf8, &length, &ascii);
		nchars++;
		switch (length == 1 ? *p : plain_separator((const unsigned char *) p, length))
		{
			case ' ':
			case '\t':
			case '\n':
			case '\r':
				nspaces++;
				break;
			case '-':
			case '~':
				ndashes++;
				break;
			case '.':
				ndots++;
				break;
			case '/':
				/* As usual inside a number as between two. */
				nlist++;
				break;
			case '+':
				if (p + 1 == text + end)
					run->gap |= GAP_PLUS;
				/* FALLTHROUGH */
			case ',':
			case ';':
			case '&':
				nlist++;
				nbreaks++;
				break;
			case '$':
				run->gap |= GAP_CURRENCY;
				break;
			case '%':
				if (p == text + start)
					run->gap |= GAP_PERCENT;
				nbreaks++;
				break;
			case '_':
			case '#':
			case ':':
			case '\\':
			case '\'':
				break;
			default:
				nbreaks++;
		}
		p += length;
	}

	if (nchars == 1 && !IS_HIGHBIT_SET(text[start]))
		run->separator = text[start];
	if (nchars == nspaces)
		run->gap |= GAP_SPACE;
	if (nchars <= MAX_JOIN && nbreaks == 0)
		run->gap |= nspaces == 0 ? GAP_JOIN | GAP_TIGHT : GAP_JOIN;
	if (nchars <= MAX_JOIN &&
		((ndashes == 1 && nchars == nspaces + 1) || (ndots == 2 && nchars == nspaces + 2)))
		run->gap |= GAP_RANGE;
	if (nlist >= 1 && nlist <= 2 && nchars <= MAX_JOIN + 1 && nchars == nspaces + nlist)
		run->gap |= GAP_LIST;
}

int
reference_runs(const char *text, int length, bool utf8, ReferenceRun *runs, int max)
{
	const char *end = text + length;
	const char *p = text;
	ReferenceChar before = REFERENCE_SEPARATOR;
	int			n = 0;

	while (p < end)
	{
		int			bytes;
		char		ascii;
		ReferenceChar kind = reference_char(p, end, utf8, &bytes, &ascii);

		if (kind != REFERENCE_SEPARATOR)
		{
			if (kind != before)
			{
				if (n < max)
				{
					runs[n] = (ReferenceRun) {
						.start = p - text,
						.digits = kind == REFERENCE_DIGIT,
					};
					if (n > 0)
						describe_gap(text, runs[n - 1].end, p - text, utf8, &runs[n]);
					else if (p > text)
					{
						describe_gap(text, 0, p - text, utf8, &runs[n]);
						runs[n].gap &= GAP_CURRENCY | GAP_PLUS;
					}
				}
				n++;
			}
			if (n <= max)
				runs[n - 1].end = p + bytes - text;
		}
		before = kind;
		p += bytes;
	}
	if (n <= max)
		reference_guard(text, utf8, runs, n);
	return n;
}

/* Whether a run ends a word: no letter or digit touches it. */
static inline bool
ends_word(const Scan *scan, int run)
{
	return run + 1 == scan->nruns || !(scan->runs[run + 1].gap & GAP_NONE);
}

/* Append the letters and digits of a run, parted by a mark from a number before; false if there is no room. */
static bool
append_run(const Scan *scan, int run, char *stripped, int *length)
{
	const ReferenceRun *r = &scan->runs[run];
	char		buffer[4 * REFERENCE_MAX_LENGTH];
	int			bytes;

	/* Full-width characters get shorter. */
	if (run_length(r) > (int) sizeof(buffer))
		return false;
	bytes = reference_strip(scan->text + r->start, run_length(r), scan->utf8, false, buffer);
	if (*length + bytes + 1 > REFERENCE_MAX_LENGTH)
		return false;
	if (r->digits && *length > 0 && stripped[*length - 1] >= '0' && stripped[*length - 1] <= '9')
		stripped[(*length)++] = REFERENCE_MARK;
	memcpy(stripped + *length, buffer, bytes);
	*length += bytes;
	return true;
}

/* Letters that all may be misread digits. */
static bool
is_twins(const char *stripped, int length)
{
	for (int i = 0; i < length; i++)
		if (reference_twin(stripped[i]) == stripped[i])
			return false;
	return length > 0;
}

/* Candidates that begin with this run: it alone, it and the next, and so on. */
static void
visit_words(Scan *scan, int first)
{
	const ReferenceRun *runs = scan->runs;
	char		stripped[REFERENCE_MAX_LENGTH];
	bool		guarded = false;
	bool		joined = false;	/* of several words */
	bool		misread = false;
	ReferenceCandidate candidate = {
		.stripped = stripped,
		.start = runs[first].start,
		/* Of a word with other letters before only a number at its end can be meant. */
		.digits_only = (runs[first].gap & GAP_NONE) != 0,
	};

	if ((!runs[first].digits && run_length(&runs[first]) > MAX_FIRST_LETTERS) ||
		(!runs[first].digits && candidate.digits_only))
		return;

	for (int last = first; last < scan->nruns && last < first + MAX_RUNS; last++)
	{
		const ReferenceRun *run = &runs[last];
		int			before = candidate.length;

		if (last > first && !(run->gap & (GAP_NONE | GAP_JOIN)))
			break;
		if ((run->guard & GUARD_CODED) || !append_run(scan, last, stripped, &candidate.length))
			break;
		if (last > first && !(run->gap & GAP_NONE))
			joined = true;
		if (run->digits)
			candidate.ndigits += candidate.length - before - (stripped[before] == REFERENCE_MARK);
		else if (last > first)
		{
			bool		twins = is_twins(stripped + before, candidate.length - before);
			int			most = MAX_LATER_LETTERS;

			if (candidate.ndigits > 0 && !(run->gap & (GAP_NONE | GAP_TIGHT)))
				most = MAX_WORD_BEHIND;
			if (!(run->gap & GAP_NONE) && !twins &&
				(candidate.length - before > most ||
				 (candidate.ndigits == 0 && candidate.length > MAX_FRONT_LETTERS)))
				break;
			misread |= twins;
		}
		if (run->digits && run->guard)
			guarded = true;
		if (!ends_word(scan, last) || (candidate.ndigits == 0 && !misread))
			continue;

		candidate.end = run->end;
		candidate.whole = !guarded && candidate.ndigits > 0 &&
			!(runs[first].gap & (GAP_NONE | GAP_TIGHT)) &&
			(last + 1 == scan->nruns || !(runs[last + 1].gap & GAP_TIGHT));
		if (guarded)
			candidate.min_digits = NEVER;
		else if (candidate.digits_only)
			candidate.min_digits = MIN_DIGITS_IN_WORD;
		else
			candidate.min_digits = joined ? MIN_DIGITS_JOINED : MIN_DIGITS_WORD;
		scan->visit(scan->arg, &candidate);
	}
}

/*
 * The word before a number, for which the number may have its first letters:
 * INV of "Invoice no. 100".  Returns its run, -1 if there is none.
 */
static int
word_before(const Scan *scan, int run)
{
	const ReferenceRun *runs = scan->runs;
	int			word = run - 1;

	if (word > 0 && !runs[word].digits && (runs[run].gap & GAP_JOIN) && (runs[word].gap & GAP_JOIN) &&
		run_is_one_of(scan->text, &runs[word], number_words))
		word--;
	if (word < 0 || runs[word].digits || !(runs[word + 1].gap & GAP_JOIN) || (runs[word].gap & GAP_NONE) ||
		run_length(&runs[word]) <= MAX_LATER_LETTERS || run_length(&runs[word]) > MAX_FIRST_LETTERS)
		return -1;
	return word;
}

/* Candidates that begin with the first two or three letters of the word before a number. */
static void
visit_abbreviated(Scan *scan, int run)
{
	char		stripped[REFERENCE_MAX_LENGTH];
	int			length = 0;
	int			word = word_before(scan, run);

	if (word < 0 || !ends_word(scan, run) || !append_run(scan, word, stripped, &length))
		return;
	for (int letters = MAX_LATER_LETTERS - 1; letters <= MAX_LATER_LETTERS; letters++)
	{
		ReferenceCandidate candidate = {
			.stripped = stripped,
			.start = scan->runs[word].start,
			.end = scan->runs[run].end,
		};

		candidate.length = letters;
		if (IS_HIGHBIT_SET(stripped[letters - 1]) || !append_run(scan, run, stripped, &candidate.length))
			return;
		candidate.ndigits = candidate.length - letters;
		candidate.min_digits = NEVER;
		scan->visit(scan->arg, &candidate);

		/* The third letter has been overwritten by the number. */
		length = 0;
		if (!append_run(scan, word, stripped, &length))
			return;
	}
}

/* A creditor reference stands for itself and for the number it was made of, and no part of it for anything else. */
static void
visit_creditor_reference(Scan *scan, int first)
{
	int			end = coded_end(scan->text, scan->utf8, scan->runs, scan->nruns, first);
	char		stripped[REFERENCE_MAX_LENGTH];
	int			length = 0;
	ReferenceCandidate candidate = {.stripped = stripped};

	/* What is longer is an IBAN. */
	if (end > first && scan->runs[end - 1].end - scan->runs[first].start <= MAX_PRINTED)
		length = reference_strip(scan->text + scan->runs[first].start,
								 scan->runs[end - 1].end - scan->runs[first].start, scan->utf8, false, stripped);
	if (!is_creditor_reference(stripped, length))
		return;
	candidate.length = length;
	candidate.start = scan->runs[first].start;
	candidate.end = scan->runs[end - 1].end;
	scan->visit(scan->arg, &candidate);
	candidate.stripped += CREDITOR_REFERENCE_HEAD;
	candidate.length -= CREDITOR_REFERENCE_HEAD;
	scan->visit(scan->arg, &candidate);
}

static int64
to_number(const char *digits, int length)
{
	int64		number = 0;

	for (int i = 0; i < length; i++)
		number = number * 10 + (digits[i] - '0');
	return number;
}

/* Prefix and number, as one candidate that the text does not spell out. */
static void
visit_listed(Scan *scan, const Context *context, const char *number, int length,
			 int start, int end, int slot)
{
	char		stripped[REFERENCE_MAX_LENGTH];
	ReferenceCandidate candidate = {
		.stripped = stripped,
		.ndigits = length,
		.start = start,
		.end = end,
		.listed = true,
		.slot = slot,
		.min_digits = MIN_DIGITS_WORD,
	};

	if (context->prefix_length + 1 + length > REFERENCE_MAX_LENGTH)
		return;
	memcpy(stripped, context->prefix, context->prefix_length);
	candidate.length = context->prefix_length;
	if (candidate.length > 0 && stripped[candidate.length - 1] >= '0' && stripped[candidate.length - 1] <= '9')
		stripped[candidate.length++] = REFERENCE_MARK;
	memcpy(stripped + candidate.length, number, length);
	candidate.length += length;
	for (int i = 0; i < context->prefix_length; i++)
		if (stripped[i] >= '0' && stripped[i] <= '9')
			candidate.ndigits++;
	scan->visit(scan->arg, &candidate);
}

/* The number `digits` means after `context`: what it leaves out at the front is as before. */
static int
complete_number(const Context *context, const char *digits, int length, char *number)
{
	int			missing = context->number_length - length;

	if (missing > 0)
		memcpy(number, context->number, missing);
	else
		missing = 0;
	memcpy(number + missing, digits, length);
	return missing + length;
}

static bool
is_year(const char *digits, int length)
{
	return length == 4 && (memcmp(digits, "19", 2) == 0 || memcmp(digits, "20", 2) == 0);
}

/* Every number of a range.  False if it is none. */
static bool
visit_range(Scan *scan, const Context *context, const char *digits, int length, int end, bool spelled)
{
	char		number[2 * MAX_NUMBER];
	int			number_length = complete_number(context, digits, length, number);
	int64		from = to_number(context->number, context->number_length);
	int64		to;

	if (number_length != context->number_length)
		return false;
	to = to_number(number, number_length);
	if (to <= from || to - from >= MAX_RANGE)
		return false;

	/* INV-2026-2031 is number 2031 of a year, 2026-100 does not end with 2100, and 10032-7 is part 7. */
	if (!spelled && (is_year(context->number, context->number_length) ||
					 (length < number_length && (length < 2 || length + 2 > number_length))))
		return false;

	for (int64 n = from; n <= to && scan->range_numbers < MAX_RANGE_NUMBERS; n++)
	{
		int64		rest = n;

		for (int i = number_length - 1; i >= 0; i--)
		{
			number[i] = '0' + rest % 10;
			rest /= 10;
		}
		visit_listed(scan, context, number, number_length, context->start, end, n - from);
		scan->range_numbers++;
	}
	return true;
}

/* How a number follows the number of a context. */
typedef enum
{
	FOLLOWS_NOT,
	FOLLOWS_IN_LIST,
	FOLLOWS_IN_RANGE,			/* 100-104 */
	FOLLOWS_TO					/* 100 to 104 */
} Follows;

static Follows
how_it_follows(const Scan *scan, const Context *context, int run)
{
	const ReferenceRun *runs = scan->runs;

	if (run == context->run + 1)
	{
		if (runs[run].gap & GAP_RANGE)
			return FOLLOWS_IN_RANGE;
		return runs[run].gap & GAP_LIST ? FOLLOWS_IN_LIST : FOLLOWS_NOT;
	}
	if (run == context->run + 2 && !runs[run - 1].digits && !(runs[run].gap & GAP_NONE) &&
		(runs[run].gap & GAP_JOIN) && (runs[run - 1].gap & (GAP_SPACE | GAP_LIST)))
	{
		if (run_is_one_of(scan->text, &runs[run - 1], list_words))
			return FOLLOWS_IN_LIST;
		if (run_is_one_of(scan->text, &runs[run - 1], range_words))
			return FOLLOWS_TO;
	}
	return FOLLOWS_NOT;
}

/* What this number means as the next of a list or the end of a range. */
static void
visit_lists(Scan *scan, int run, const char *digits, int length)
{
	const ReferenceRun *r = &scan->runs[run];
	int			kept = 0;

	for (int i = 0; i < scan->ncontexts; i++)
	{
		Context    *context = &scan->contexts[i];
		Follows		follows = how_it_follows(scan, context, run);
		char		number[2 * MAX_NUMBER];
		int			number_length;

		if (follows == FOLLOWS_NOT || (r->guard & ~GUARD_DATE) || !ends_word(scan, run))
			continue;
		number_length = complete_number(context, digits, length, number);

		if (follows == FOLLOWS_IN_LIST)
		{
			/* Without a prefix a number spelled out is a candidate by itself. */
			if (context->prefix_length > 0)
				visit_listed(scan, context, digits, length, r->start, r->end, 0);
			if (number_length > length)
				visit_listed(scan, context, number, number_length, r->start, r->end, 0);
		}
		else if (!visit_range(scan, context, digits, length, r->end, follows == FOLLOWS_TO))
			continue;

		/* The list goes on from here, and so may a range. */
		memcpy(context->number, number, number_length);
		context->number_length = number_length;
		context->run = run;
		context->start = r->start;
		scan->contexts[kept++] = *context;
	}
	scan->ncontexts = kept;
}

/* Let a list or a range follow this number: with the letters before it, with their beginning, or without any. */
static void
open_contexts(Scan *scan, int run, const char *digits, int length)
{
	const ReferenceRun *runs = scan->runs;
	int			first = run;

	/* Back to the nearest letters, over a number or two as in INV-2026-100. */
	while (first > 0 && run - first < 3 && (runs[first].gap & (GAP_NONE | GAP_JOIN)))
	{
		first--;
		if (!runs[first].digits)
			break;
	}
	for (int way = 0; way < 3 && scan->ncontexts < MAX_CONTEXTS; way++)
	{
		Context    *context = &scan->contexts[scan->ncontexts];

		context->prefix_length = 0;
		context->start = runs[run].start;
		context->run = run;
		memcpy(context->number, digits, length);
		context->number_length = length;
		if (way == 0)
		{
			bool		fits = true;

			if (runs[first].digits || run_length(&runs[first]) > MAX_FIRST_LETTERS || (runs[first].gap & GAP_NONE))
				continue;
			context->start = runs[first].start;
			for (int at = first; at < run; at++)
				fits = fits && append_run(scan, at, context->prefix, &context->prefix_length);
			if (!fits)
				continue;
		}
		else if (way == 1)
		{
			int			word = word_before(scan, run);

			if (word < 0 || !append_run(scan, word, context->prefix, &context->prefix_length) ||
				IS_HIGHBIT_SET(context->prefix[MAX_LATER_LETTERS - 1]))
				continue;
			context->start = runs[word].start;
			context->prefix_length = MAX_LATER_LETTERS;
		}
		else if ((runs[run].gap & GAP_NONE) || runs[run].guard || length < MIN_DIGITS_WORD)
			continue;
		scan->ncontexts++;
	}
}

void
reference_scan(const char *text, bool utf8, const ReferenceRun *runs, int nruns,
			   ReferenceVisit visit, void *arg)
{
	Scan		scan = {
		.text = text,
		.utf8 = utf8,
		.runs = runs,
		.nruns = nruns,
		.visit = visit,
		.arg = arg,
	};

	for (int run = 0; run < nruns; run++)
	{
		char		digits[REFERENCE_MAX_LENGTH];
		int			length = 0;

		visit_creditor_reference(&scan, run);
		visit_words(&scan, run);
		if (!runs[run].digits)
			continue;
		if ((runs[run].guard & GUARD_CODED) ||
			!append_run(&scan, run, digits, &length) || length > MAX_NUMBER)
		{
			scan.ncontexts = 0;
			continue;
		}
		visit_abbreviated(&scan, run);
		visit_lists(&scan, run, digits, length);
		if (ends_word(&scan, run))
			open_contexts(&scan, run, digits, length);
	}
}

bool
reference_key_allowed(const ReferenceCandidate *candidate, const char *key, int length)
{
	for (int i = 0; i < length; i++)
		if (key[i] < '0' || key[i] > '9')
			return !candidate->digits_only;

	/* Half of it at least must have been read as digits, or BILL would be 8111. */
	return candidate->min_digits == 0 ||
		(candidate->ndigits >= candidate->min_digits && candidate->ndigits * 2 >= candidate->length);
}
