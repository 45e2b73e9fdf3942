/*
 * terms_form.c
 *		What makes payment terms valid, and their one canonical text.
 *
 * A value is canonical too: shares in lowest terms, nothing stored that means
 * nothing, so that equal terms are equal bytes.
 */
#include "cc_compat.h"

#include "terms_text.h"

static const uint8 days_in_month[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool
terms_refuse(TermsFault *fault, const char *format,...)
{
	va_list		args;

	memset(fault, 0, sizeof(*fault));
	va_start(args, format);
	vsnprintf(fault->why, sizeof(fault->why), format, args);
	va_end(args);
	return false;
}

static int64
greatest_common_divisor(int64 a, int64 b)
{
	while (b != 0)
	{
		int64		rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static bool
check_clause(const TermsClause *clause, TermsFault *fault)
{
	int			anchor = terms_anchor(clause);
	bool		days_first = (clause->anchor & TERMS_DAYS_FIRST) != 0;
	int			first = 0;

	/* EOM may go back from the end of a later month, but never before the invoice. */
	if (anchor == TERMS_EOM && !days_first)
		first = -28 * (int) clause->months;

	if ((clause->anchor & ~(TERMS_ANCHOR_MASK | TERMS_DAYS_FIRST)) != 0 ||
		anchor > TERMS_EOM || (days_first && anchor == 0))
		return terms_refuse(fault, "There is no such day of the month.");
	if (clause->months > TERMS_MAX_MONTHS)
		return terms_refuse(fault, "%d months are more than the %d that terms can have.",
							clause->months, TERMS_MAX_MONTHS);
	if (clause->days > TERMS_MAX_DAYS)
		return terms_refuse(fault, "%d days are more than the %d that terms can have.",
							clause->days, TERMS_MAX_DAYS);
	if (clause->days < first)
		return terms_refuse(fault, "%d days less could be before the invoice.", -clause->days);
	if (days_first && clause->days == 0)
		return terms_refuse(fault, "No days come before the day of the month.");
	/* "prox" is the month after, at least. */
	if (anchor != 0 && anchor != TERMS_EOM && clause->months == 0)
		return terms_refuse(fault, "A day of the month must be of a later month.");

	if (clause->num == 0 || clause->den == 0 || clause->num > clause->den ||
		clause->den > TERMS_MAX_DENOMINATOR ||
		greatest_common_divisor(clause->num, clause->den) != 1)
		return terms_refuse(fault, "The share %d/%d is not a share in lowest terms, above 0 and at most 1, with a divisor of at most %d.",
							clause->num, clause->den, TERMS_MAX_DENOMINATOR);
	return true;
}

/*
 * Is b never later than a, whatever the date of the invoice?  Clauses of
 * different kinds cannot be compared: which of "30" and "EOM" is later depends
 * on the invoice.
 */
static bool
never_later(const TermsClause *a, const TermsClause *b)
{
	bool		same_kind = (a->anchor & TERMS_DAYS_FIRST) == (b->anchor & TERMS_DAYS_FIRST) &&
		(terms_anchor(a) == 0) == (terms_anchor(b) == 0) &&
		(terms_anchor(a) == TERMS_EOM) == (terms_anchor(b) == TERMS_EOM);

	return same_kind && b->months <= a->months && b->days <= a->days &&
		terms_anchor(b) <= terms_anchor(a);
}

static bool
same_day(const TermsClause *a, const TermsClause *b)
{
	return a->anchor == b->anchor && a->months == b->months && a->days == b->days;
}

static bool
check_discounts(const PaymentTerms *terms, TermsFault *fault)
{
	const TermsClause *clauses = terms->clauses;
	int			n = terms->ndiscounts;

	for (int i = 0; i < n; i++)
	{
		if (clauses[i].num >= clauses[i].den)
			return terms_refuse(fault, "A cash discount must be less than 100%%.");
		if (TERMS_MAX_DENOMINATOR % clauses[i].den != 0)
			return terms_refuse(fault, "A cash discount is a percentage with at most two decimals.");
		if (i == 0)
			continue;
		if ((int) clauses[i].num * clauses[i - 1].den >= (int) clauses[i - 1].num * clauses[i].den)
			return terms_refuse(fault, "Two discounts have the same rate.");
		if (never_later(&clauses[i - 1], &clauses[i]))
			return terms_refuse(fault, "A smaller discount must last longer than the larger one before it.");
	}
	if (n > 0 && never_later(&clauses[n - 1], &clauses[n]) && !same_day(&clauses[n - 1], &clauses[n]))
		return terms_refuse(fault, "The net date would be before the end of the discount.");
	return true;
}

static bool
check_dues(const PaymentTerms *terms, TermsFault *fault)
{
	const TermsClause *dues = terms_dues(terms);
	int			n = terms_ndues(terms);
	int64		num = 0;
	int64		den = 1;

	for (int i = 0; i < n; i++)
	{
		int64		common = den / greatest_common_divisor(den, dues[i].den) * dues[i].den;

		/* Denominators of 10^4 leave room, if only for a few that have nothing in common. */
		if (common > PG_INT64_MAX / (TERMS_MAX_DENOMINATOR * TERMS_MAX_INSTALMENTS))
			return terms_refuse(fault, "The shares of the instalments are too unlike to be added up exactly.");
		num = num * (common / den) + dues[i].num * (common / dues[i].den);
		den = common;
		if (i > 0 && never_later(&dues[i - 1], &dues[i]))
			return terms_refuse(fault, "Instalment %d would not be later than the one before it.", i + 1);
	}
	if (num != den)
	{
		/* Cut, not rounded: 99.999% must not show as the whole. */
		int64		percent = (int64) ((int128) num * 10000 / den);

		return terms_refuse(fault, "The instalments add up to %s%d.%02d%% of the amount, not to the whole.",
							(int128) num * 10000 % den == 0 ? "" : "about ",
							(int) (percent / 100), (int) (percent % 100));
	}
	return true;
}

static bool
check_start(const PaymentTerms *terms, TermsFault *fault)
{
	int			arg = terms->start_arg;
	const TermsClause *due = terms_dues(terms);

	switch (terms->start)
	{
		case TERMS_FROM_INVOICE:
		case TERMS_FROM_GOODS:
			break;
		case TERMS_FROM_SEASON:
			if (arg / 32 < 1 || arg / 32 > 12 || arg % 32 < 1 || arg % 32 > days_in_month[arg / 32 - 1])
				return terms_refuse(fault, "There is no day %d of month %d.", arg % 32, arg / 32);
			return true;
		case TERMS_FROM_EXTRA:
			if (arg < 1 || arg > TERMS_MAX_EXTRA)
				return terms_refuse(fault, "Extra dating is for 1 to %d days.", TERMS_MAX_EXTRA);
			return true;
		case TERMS_COD:
		case TERMS_CIA:
		case TERMS_CWO:
			if (terms_nclauses(terms) != 1 || due->days != 0 || due->months != 0 || due->anchor != 0)
				return terms_refuse(fault, "Cash terms have nothing else.");
			break;
		default:
			return terms_refuse(fault, "There is no start number %d.", terms->start);
	}
	if (arg != 0)
		return terms_refuse(fault, "The start has no argument.");
	return true;
}

bool
terms_check(const PaymentTerms *terms, TermsFault *fault)
{
	int			nclauses = terms_nclauses(terms);
	bool		anchored = false;

	if (terms->version != TERMS_VERSION)
		return terms_refuse(fault, "There is no version %d.", terms->version);
	if (nclauses > TERMS_MAX_CLAUSES || terms->ndiscounts > TERMS_MAX_DISCOUNTS)
		return terms_refuse(fault, "There are at most %d instalments and %d discounts.",
							TERMS_MAX_INSTALMENTS, TERMS_MAX_DISCOUNTS);
	if (nclauses <= terms->ndiscounts)
		return terms_refuse(fault, "Nothing is due.");
	if (terms->ndiscounts > 0 && terms_ndues(terms) > 1)
		return terms_refuse(fault, "Instalments and cash discounts do not go together.");

	for (int i = 0; i < nclauses; i++)
	{
		if (!check_clause(&terms->clauses[i], fault))
			return false;
		anchored |= terms->clauses[i].anchor != 0;
	}
	if (!check_discounts(terms, fault) || !check_dues(terms, fault) || !check_start(terms, fault))
		return false;

	if (terms->cutoff != 0 && !anchored)
		return terms_refuse(fault, "A cut-off day needs EOM or prox terms.");
	if (terms->cutoff == 31)
		return terms_refuse(fault, "A cut-off on the 31st is none.");
	if (terms->grace > TERMS_MAX_GRACE)
		return terms_refuse(fault, "There are at most %d days of grace.", TERMS_MAX_GRACE);
	if (terms->grace != 0 && terms->ndiscounts == 0)
		return terms_refuse(fault, "Days of grace need a cash discount.");
	return true;
}

/* Text is appended here; TERMS_MAX_TEXT has room for all that can be. */
typedef struct Printer
{
	char	   *text;
	int			length;
} Printer;

static void append(Printer *out, const char *format,...) pg_attribute_printf(2, 3);

static void
append(Printer *out, const char *format,...)
{
	va_list		args;
	int			room = TERMS_MAX_TEXT - out->length;
	int			written;

	va_start(args, format);
	written = vsnprintf(out->text + out->length, room, format, args);
	va_end(args);
	out->length += Min(written, room - 1);
}

/* A share with at most two decimals of a percent, as that percent: "2", "1.5". */
static void
append_percent(Printer *out, const TermsClause *clause)
{
	int			hundredths = (int) clause->num * (TERMS_MAX_DENOMINATOR / clause->den);

	append(out, "%d", hundredths / 100);
	if (hundredths % 100 != 0)
		append(out, hundredths % 10 == 0 ? ".%.1d" : ".%.2d",
			   hundredths % 10 == 0 ? hundredths % 100 / 10 : hundredths % 100);
}

static const char *
ordinal_suffix(int n)
{
	if (n / 10 == 1)
		return "th";
	return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

static bool
is_plain_days(const TermsClause *clause)
{
	return clause->anchor == 0 && clause->months == 0;
}

/*
 * "30 EOM" behind "10" could be read as "both of them EOM", and is not taken;
 * then it is "EOM + 30 days".
 */
static bool
is_short_eom(const PaymentTerms *terms, const TermsClause *clause)
{
	if (clause->anchor != TERMS_EOM || clause->months != 0)
		return false;
	for (const TermsClause *before = terms->clauses; before < clause; before++)
		if (before->anchor == 0)
			return false;
	return true;
}

/* " + 2 months - 15 days" */
static void
append_plus(Printer *out, int months, int days)
{
	if (months > 0)
		append(out, " + %d month%s", months, months == 1 ? "" : "s");
	if (days != 0)
		append(out, " %c %d day%s", days < 0 ? '-' : '+', abs(days), abs(days) == 1 ? "" : "s");
}

static void
append_day(Printer *out, const PaymentTerms *terms, const TermsClause *clause)
{
	int			anchor = terms_anchor(clause);
	int			days = clause->days;

	if (is_plain_days(clause))
	{
		append(out, "%d", days);
		return;
	}
	if (is_short_eom(terms, clause) && days > 0)
	{
		append(out, "%d EOM", days);
		return;
	}
	if (clause->anchor & TERMS_DAYS_FIRST)
	{
		append(out, "%d then ", days);
		days = 0;
	}
	if (anchor == TERMS_EOM)
	{
		append(out, "EOM");
		append_plus(out, clause->months, days);
	}
	else if (anchor != 0)
	{
		append(out, "%d%s prox", anchor, ordinal_suffix(anchor));
		append_plus(out, clause->months - 1, days);
	}
	else
	{
		append(out, "%d month%s", clause->months, clause->months == 1 ? "" : "s");
		append_plus(out, 0, days);
	}
}

/* Is this discount written "2/10", "2/10 EOM"?  The others are "2% 10th prox". */
static bool
has_slash(const PaymentTerms *terms, const TermsClause *clause)
{
	return is_plain_days(clause) || is_short_eom(terms, clause);
}

/* Is the net date what is taken when none is written, and may it stay unwritten? */
static bool
net_is_implied(const PaymentTerms *terms)
{
	const TermsClause *net = terms_dues(terms);
	const TermsClause *last;
	bool		slash = false;

	/* Several percents and nothing else would be instalments. */
	for (int i = 0; i < terms->ndiscounts; i++)
		slash |= has_slash(terms, &terms->clauses[i]);
	if (!slash && terms->ndiscounts != 1)
		return false;

	last = net - 1;

	/* "2/10" means "2/10 net 30", but the net days of terms that count from the invoice are always said. */
	return !(last->anchor & TERMS_DAYS_FIRST) &&
		(last->anchor != 0 || terms->start == TERMS_FROM_GOODS || terms->start == TERMS_FROM_EXTRA) &&
		net->anchor == last->anchor && net->months == last->months &&
		net->days == last->days + TERMS_NET_AFTER_DISCOUNT;
}

static void
append_discounts(Printer *out, const PaymentTerms *terms, bool net_follows)
{
	for (int i = 0; i < terms->ndiscounts; i++)
	{
		const TermsClause *clause = &terms->clauses[i];

		append(out, i == 0 ? "" : ", ");
		append_percent(out, clause);
		if (has_slash(terms, clause))
			append(out, clause->anchor == TERMS_EOM ? "/%d EOM" : "/%d", clause->days);
		else
		{
			append(out, "%% ");
			append_day(out, terms, clause);
		}
	}
	if (net_follows && terms->ndiscounts > 0)
		append(out, terms->ndiscounts > 1 ? ", " : " ");
}

static void
append_instalments(Printer *out, const PaymentTerms *terms)
{
	const TermsClause *dues = terms_dues(terms);

	for (int i = 0; i < terms_ndues(terms); i++)
	{
		const TermsClause *due = &dues[i];
		bool		percent = TERMS_MAX_DENOMINATOR % due->den == 0;
		bool		short_eom = is_short_eom(terms, due);

		append(out, i == 0 ? "" : ", ");
		if (percent)
			append_percent(out, due);
		else
			append(out, "%d/%d", due->num, due->den);
		append(out, percent ? "%% " : " ");

		/* "1/3 EOM" would be 1% within 3 days after it. */
		if (short_eom && due->days == 0)
			append(out, "0 EOM");
		else if (!percent && !short_eom && due->anchor == TERMS_EOM)
		{
			append(out, "(");
			append_day(out, terms, due);
			append(out, ")");
		}
		else
			append_day(out, terms, due);
	}
}

void
terms_print(const PaymentTerms *terms, char text[TERMS_MAX_TEXT])
{
	Printer		out = {text, 0};
	const TermsClause *net = terms_dues(terms);
	bool		implied = net_is_implied(terms);
	bool		at_once = terms_nclauses(terms) == 1 && is_plain_days(net) && net->days == 0;
	bool		anchored_discount = false;

	text[0] = '\0';
	switch (terms->start)
	{
		case TERMS_COD:
			append(&out, "COD");
			return;
		case TERMS_CIA:
			append(&out, "CIA");
			return;
		case TERMS_CWO:
			append(&out, "CWO");
			return;
		case TERMS_FROM_INVOICE:
			if (at_once)
			{
				append(&out, "due on receipt");
				return;
			}
			break;
		case TERMS_FROM_GOODS:
			if (at_once)
			{
				append(&out, "ROG");
				return;
			}
			break;
		default:
			break;
	}

	if (terms_ndues(terms) > 1)
		append_instalments(&out, terms);
	else
	{
		append_discounts(&out, terms, !implied);
		if (!implied)
		{
			append(&out, "net ");
			append_day(&out, terms, net);
		}
	}

	for (int i = 0; i < terms->ndiscounts; i++)
		anchored_discount |= terms->clauses[i].anchor != 0;
	if (anchored_discount && terms->cutoff == 0)
		append(&out, " no cutoff");
	else if (terms->cutoff != (anchored_discount ? TERMS_DEFAULT_CUTOFF : 0))
		append(&out, " cutoff %d", terms->cutoff);
	if (terms->grace != 0)
		append(&out, " grace %d", terms->grace);

	switch (terms->start)
	{
		case TERMS_FROM_GOODS:
			append(&out, " ROG");
			break;
		case TERMS_FROM_SEASON:
			append(&out, " dating %02d-%02d", terms->start_arg / 32, terms->start_arg % 32);
			break;
		case TERMS_FROM_EXTRA:
			if (implied && terms->ndiscounts == 1 && is_plain_days(&terms->clauses[0]) && terms->grace == 0)
				append(&out, "-%dx", terms->start_arg);
			else
				append(&out, " extra %d", terms->start_arg);
			break;
		default:
			break;
	}
}
