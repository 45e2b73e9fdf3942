/*
 * terms_parse.c
 *		What people write as payment terms.
 *
 * Terms are a list of items in any order: discounts (2/10, 2% 10th prox), one
 * net date (net 30, 30 days, net 30 EOM) or shares of instalments (1/3 30,
 * 30% 0), and modifiers that hold for all (ROG, extra 60, dating 03-01,
 * cutoff 25, grace 5).  Commas are optional where they change nothing.  What
 * can be read in two ways is refused, with both ways named.
 */
#include "cc_compat.h"

#include "terms_scan.h"
#include "terms_text.h"

typedef enum ItemKind
{
	ITEM_DISCOUNT,
	ITEM_SHARE,					/* of instalments */
	ITEM_PERCENT,				/* one of these two; what else there is decides */
	ITEM_NET
} ItemKind;

typedef struct Item
{
	ItemKind	kind;
	TermsClause clause;
	bool		rolls;			/* has a cut-off unless said: EOM or prox, but not MFI */
} Item;

#define NOT_GIVEN (-1)
#define MAX_ITEMS (TERMS_MAX_INSTALMENTS + 1)

typedef struct Parser
{
	const char *text;
	int			position;		/* behind the token */
	TermsToken	token;
	TermsFault *fault;
	bool		failed;			/* the first failure stays */

	Item		items[MAX_ITEMS];
	int			nitems;
	int			start;			/* TermsStart, or NOT_GIVEN */
	int			start_arg;
	int			cutoff;			/* 0: none */
	int			grace;
	bool		dash_extra;		/* "1/10-60x": the extra days are the discount's */
} Parser;

/* Where a parser stands, to come back to. */
typedef struct Mark
{
	int			position;
	TermsToken	token;
} Mark;

static const char hint_days[] = "A day is \"30\", \"30 days\", \"2 months\", \"30 EOM\", \"EOM + 15 days\", \"10th prox\" or \"30 then EOM\".";
static const char hint_terms[] = "Terms are for example \"2/10 net 30\", \"net 30 EOM\", \"2/10 EOM\", \"10th prox\", \"4/15 ROG\", \"1/10-60x\", \"net 30 dating 03-01\", \"1/3 30, 1/3 60, 1/3 90\", \"due on receipt\", \"COD\", \"CIA\" or \"CWO\".";

static Mark
mark(const Parser *p)
{
	Mark		here = {p->position, p->token};

	return here;
}

static void
go_back(Parser *p, Mark there)
{
	p->position = there.position;
	p->token = there.token;
}

static void
advance(Parser *p)
{
	p->token = terms_scan(p->text, &p->position);
}

/* Points at a token; returns false. */
static bool
fail_at(Parser *p, const TermsToken *token, const char *why, const char *hint)
{
	if (p->failed)
		return false;
	p->failed = true;
	terms_refuse(p->fault, "%s", why);
	p->fault->syntax = true;
	p->fault->start = token->start;
	p->fault->length = token->length;
	p->fault->hint = hint;
	return false;
}

static bool
fail(Parser *p, const char *why, const char *hint)
{
	return fail_at(p, &p->token, why, hint);
}

static bool
is_symbol(const Parser *p, char symbol)
{
	return p->token.kind == TOKEN_SYMBOL && p->token.symbol == symbol;
}

static bool
is_word(const Parser *p, TermsWord word)
{
	return p->token.kind == TOKEN_WORD && p->token.word == word;
}

static bool
take_symbol(Parser *p, char symbol)
{
	if (!is_symbol(p, symbol))
		return false;
	advance(p);
	return true;
}

static bool
take_word(Parser *p, TermsWord word)
{
	if (!is_word(p, word))
		return false;
	advance(p);
	return true;
}

/* A whole number from `least` to `most`. */
static bool
take_whole(Parser *p, int least, int most, int *value, const char *what)
{
	char		why[100];

	*value = 0;
	if (p->token.kind != TOKEN_NUMBER)
	{
		snprintf(why, sizeof(why), "A number is expected here: %s.", what);
		return fail(p, why, NULL);
	}
	if (p->token.value % 100 != 0 || p->token.too_fine ||
		p->token.value < least * 100 || p->token.value > most * 100)
	{
		snprintf(why, sizeof(why), "A whole number from %d to %d is expected here: %s.", least, most, what);
		return fail(p, why, NULL);
	}
	*value = p->token.value / 100;
	advance(p);
	return true;
}

/* Is "60x" what comes next, behind a dash or not? */
static bool
extra_is_next(Parser *p)
{
	Mark		here = mark(p);
	bool		yes;

	take_symbol(p, '-');
	yes = p->token.kind == TOKEN_NUMBER;
	advance(p);
	yes = yes && is_word(p, WORD_EXTRA);
	go_back(p, here);
	return yes;
}

/* "30 days", "2 weeks", "1 month": adds to the clause; *bare without a unit. */
static bool
take_span(Parser *p, int sign, TermsClause *clause, bool *bare)
{
	TermsToken	number = p->token;
	int			n;
	int			days = 0;
	int			months = 0;

	if (!take_whole(p, 0, TERMS_MAX_DAYS, &n, "days or months"))
		return false;
	*bare = false;
	if (take_word(p, WORD_MONTHS))
		months = n;
	else if (take_word(p, WORD_WEEKS))
		days = 7 * n;
	else
	{
		*bare = !take_word(p, WORD_DAYS);
		days = n;
	}
	if (sign < 0 && months > 0)
		return fail_at(p, &number, "Months can only be added.", hint_days);
	if (clause->months + months > TERMS_MAX_MONTHS || Abs(clause->days + sign * days) > TERMS_MAX_DAYS)
		return fail_at(p, &number, "That is more than ten years.", NULL);
	clause->months += months;
	clause->days += sign * days;
	return true;
}

/* "+ 3 months - 15 days" */
static bool
take_sums(Parser *p, TermsClause *clause)
{
	while (is_symbol(p, '+') || is_symbol(p, '-'))
	{
		Mark		here = mark(p);
		TermsToken	number;
		int			days;
		bool		bare;

		if (is_symbol(p, '-') && extra_is_next(p))
			return true;
		advance(p);
		if (here.token.symbol == '-' && p->token.kind != TOKEN_NUMBER)
		{
			go_back(p, here);	/* "EOM-net 30" */
			return true;
		}
		number = p->token;
		days = clause->days;
		if (!take_span(p, here.token.symbol == '-' ? -1 : 1, clause, &bare))
			return false;
		if ((clause->anchor & TERMS_DAYS_FIRST) && clause->days != days)
			return fail_at(p, &number, "Only months can be added to this.", hint_days);
	}
	return true;
}

/* "EOM", "end of month", "end of next month", "month end" */
static bool
take_eom(Parser *p, TermsClause *clause)
{
	Mark		here = mark(p);

	if (take_word(p, WORD_EOM))
	{
		clause->anchor |= TERMS_EOM;
		return true;
	}
	if (take_word(p, WORD_MONTHS) && take_word(p, WORD_END))
	{
		clause->anchor |= TERMS_EOM;
		return true;
	}
	go_back(p, here);
	if (take_word(p, WORD_END))
	{
		bool		next;

		take_word(p, WORD_OF);
		take_word(p, WORD_THE);
		next = take_word(p, WORD_NEXT);
		if (take_word(p, WORD_MONTHS) && clause->months < TERMS_MAX_MONTHS)
		{
			clause->months += next;
			clause->anchor |= TERMS_EOM;
			return true;
		}
	}
	go_back(p, here);
	return false;
}

/*
 * What makes a number a day of the next month: "prox", "MFI" (month following
 * invoice), "of next month", "of the month following [the invoice [date]]".
 * They mean the same day, but the cut-off that goes with prox would
 * contradict the words of MFI.
 */
static bool
take_next_month(Parser *p, bool *rolls)
{
	Mark		here = mark(p);

	*rolls = !is_word(p, WORD_MFI);
	if (take_word(p, WORD_PROX) || take_word(p, WORD_MFI))
		return true;
	take_word(p, WORD_OF);
	take_word(p, WORD_THE);
	if (take_word(p, WORD_NEXT))
	{
		if (take_word(p, WORD_MONTHS))
			return true;
	}
	else if (take_word(p, WORD_MONTHS) && take_word(p, WORD_NEXT))
	{
		take_word(p, WORD_THE);
		if (take_word(p, WORD_INVOICE))
		{
			*rolls = false;
			take_word(p, WORD_DATE);
		}
		return true;
	}
	go_back(p, here);
	return false;
}

static bool
set_start(Parser *p, const TermsToken *token, TermsStart start, int arg)
{
	if (p->start != NOT_GIVEN)
		return fail_at(p, token, "It is said already from when the days count.", NULL);
	p->start = start;
	p->start_arg = arg;
	return true;
}

/* Behind "receipt": "of goods", "of the invoice"; `goods` if it says neither. */
static bool
take_receipt_of(Parser *p, bool *goods)
{
	if (!take_word(p, WORD_OF))
		return true;
	take_word(p, WORD_THE);
	if (take_word(p, WORD_GOODS))
		*goods = true;
	else if (take_word(p, WORD_INVOICE))
		*goods = false;
	else
		return fail(p, "Receipt of what: goods or invoice?", NULL);
	return true;
}

/* "after [the] invoice [date]", "of invoice", "from date of invoice", "after ROG", "from receipt of goods" */
static bool
take_from(Parser *p)
{
	Mark		here = mark(p);

	if (!take_word(p, WORD_AFTER) && !take_word(p, WORD_OF))
		return true;
	take_word(p, WORD_THE);
	if (take_word(p, WORD_DATE) && !take_word(p, WORD_OF))
		return fail(p, "The date of what?", NULL);
	take_word(p, WORD_THE);
	if (take_word(p, WORD_INVOICE))
	{
		take_word(p, WORD_DATE);
		return true;
	}
	if (take_word(p, WORD_ROG))
		return set_start(p, &here.token, TERMS_FROM_GOODS, 0);
	if (is_word(p, WORD_RECEIPT))
	{
		bool		goods = false;
		TermsToken	receipt = p->token;

		advance(p);
		if (!is_word(p, WORD_OF))
			return fail_at(p, &receipt, "Receipt of what: goods or invoice?", NULL);
		if (!take_receipt_of(p, &goods))
			return false;
		return goods ? set_start(p, &here.token, TERMS_FROM_GOODS, 0) : true;
	}
	return fail(p, "Days count from the invoice, from the receipt of goods, or from EOM.", NULL);
}

/* What follows a day of the month. */
static bool
take_month_day(Parser *p, const TermsToken *number, int day, TermsClause *clause)
{
	if (day < 1 || day > 31)
		return fail_at(p, number, "A month has no such day.", hint_days);
	clause->anchor |= day;
	clause->months += 1;
	return take_sums(p, clause);
}

/* "EOM ...", "10th ...", "10 prox": where "then" and a net date may stand. */
static bool
take_anchor(Parser *p, Item *item)
{
	TermsToken	number = p->token;

	if (take_eom(p, &item->clause))
	{
		item->rolls = true;
		return take_sums(p, &item->clause);
	}
	if (number.kind == TOKEN_ORDINAL || number.kind == TOKEN_NUMBER)
	{
		advance(p);
		if (!take_next_month(p, &item->rolls))
		{
			if (number.kind == TOKEN_NUMBER)
				return fail_at(p, &number, "The 10th of the next month is \"10th\" or \"10 prox\".", hint_days);
			item->rolls = true;
		}
		return take_month_day(p, &number, number.value / 100, &item->clause);
	}
	return fail(p, "A day is expected here.", hint_days);
}

/*
 * "30 EOM" means 30 days after EOM.  Behind a clause of plain days it could
 * also mean that all of them count from EOM, as "2/10, n/30, EOM" does.
 */
static bool
check_one_eom(Parser *p, const TermsToken *eom)
{
	for (int i = 0; i < p->nitems; i++)
		if (p->items[i].clause.anchor == 0)
			return fail_at(p, eom, "This can be read in two ways: for all of the terms, or for the last part only.",
						   "If all days count from the end of the month, write \"2/10, net 30, EOM\"; if only the last, \"2/10, net EOM + 30 days\".");
	return true;
}

/*
 * A day of any kind.  *bare is set for a number with nothing to it, which may
 * not be a day at all.
 */
static bool
take_day(Parser *p, Item *item, bool *bare)
{
	TermsToken	number = p->token;
	TermsToken	suffix;
	TermsClause *clause = &item->clause;
	bool		unit_given;

	*bare = false;
	if (take_word(p, WORD_IMMEDIATE))
		return true;
	if (take_word(p, WORD_ON))
	{
		bool		goods = false;

		take_word(p, WORD_THE);
		if (is_word(p, WORD_ROG))
			return true;		/* taken as a modifier */
		if (!take_word(p, WORD_RECEIPT))
			return take_anchor(p, item);
		if (!take_receipt_of(p, &goods))
			return false;
		return goods ? set_start(p, &number, TERMS_FROM_GOODS, 0) : true;
	}
	take_word(p, WORD_THE);
	if (take_symbol(p, '('))
	{
		if (!take_anchor(p, item))
			return false;
		if (!take_symbol(p, ')'))
			return fail(p, "A closing parenthesis is missing.", NULL);
		return take_sums(p, clause);
	}
	number = p->token;
	if (number.kind != TOKEN_NUMBER)
		return take_anchor(p, item);

	if (!take_span(p, 1, clause, bare))
		return false;
	unit_given = !*bare;
	suffix = p->token;

	if (take_word(p, WORD_THEN))
	{
		*bare = false;
		/* A month and then its end is the end of that month. */
		if (clause->days > 0)
			clause->anchor |= TERMS_DAYS_FIRST;
		return take_anchor(p, item);
	}
	if (take_word(p, WORD_AFTER))
	{
		*bare = false;
		if (take_eom(p, clause))
		{
			item->rolls = true;
			return true;
		}
		p->position = suffix.start + suffix.length;
		p->token = suffix;
		return take_from(p);
	}
	if (clause->months > 0 && is_symbol(p, '+'))
		return take_sums(p, clause);
	if (take_eom(p, clause))
	{
		*bare = false;
		item->rolls = true;
		return check_one_eom(p, &suffix);
	}
	if (!unit_given && (is_word(p, WORD_PROX) || is_word(p, WORD_MFI) || is_word(p, WORD_OF)) &&
		take_next_month(p, &item->rolls))
	{
		*bare = false;
		clause->days = 0;
		if (!check_one_eom(p, &suffix))
			return false;
		return take_month_day(p, &number, number.value / 100, clause);
	}
	return true;
}

static Item *
new_item(Parser *p)
{
	Item	   *item = &p->items[p->nitems];

	memset(item, 0, sizeof(*item));
	item->clause.num = item->clause.den = 1;
	return item;
}

/* Keeps the item that new_item() gave out. */
static bool
keep_item(Parser *p, const TermsToken *token, ItemKind kind)
{
	p->items[p->nitems].kind = kind;
	if (kind == ITEM_NET)
		for (int i = 0; i < p->nitems; i++)
			if (p->items[i].kind == ITEM_NET)
				return fail_at(p, token, "There is a net date already.", NULL);
	if (p->nitems == TERMS_MAX_INSTALMENTS)
		return fail_at(p, token, "There are too many parts.", NULL);
	p->nitems++;
	return true;
}

static bool
set_share(Parser *p, Item *item, const TermsToken *token, int num, int den)
{
	int			a = num;
	int			b = den;

	if (num == 0 || num > den)
		return fail_at(p, token, "A share or a discount must be more than nothing and at most 100%.", NULL);
	while (b != 0)
	{
		int			rest = a % b;

		a = b;
		b = rest;
	}
	item->clause.num = num / a;
	item->clause.den = den / a;
	return true;
}

/* "-60x" behind a discount */
static bool
take_dash_extra(Parser *p)
{
	TermsToken	dash = p->token;
	int			days;

	if (!is_symbol(p, '-') || !extra_is_next(p))
		return true;
	advance(p);
	if (!take_whole(p, 1, TERMS_MAX_EXTRA, &days, "days of extra dating"))
		return false;
	take_word(p, WORD_EXTRA);
	p->dash_extra = true;
	return set_start(p, &dash, TERMS_FROM_EXTRA, days);
}

/* Does a day come next, not "2/20" or "2% 20"? */
static bool
day_is_next(Parser *p)
{
	Mark		here = mark(p);

	if (p->token.kind == TOKEN_NUMBER)
	{
		bool		yes;

		advance(p);
		yes = !is_symbol(p, '/') && !is_symbol(p, '%');
		go_back(p, here);
		return yes;
	}
	return p->token.kind == TOKEN_ORDINAL || is_symbol(p, '(');
}

/* "2/10", "2/10 EOM", "2/10 prox", "1/10-60x" or a share "1/3 30"; `first` is behind us, a slash here. */
static bool
take_fraction(Parser *p, const TermsToken *first)
{
	Item	   *item = new_item(p);
	TermsToken	second;
	TermsToken	suffix;
	int			m;

	advance(p);
	second = p->token;
	if (!take_whole(p, 0, TERMS_MAX_DENOMINATOR, &m, "days of the discount, or the divisor of a share"))
		return false;

	if (day_is_next(p))
	{
		Mark		here = mark(p);
		bool		bare;

		if (!take_day(p, item, &bare))
			return false;
		/* "2/10 30 net", "2/10 60x", "2/10 5 days grace" */
		if (is_word(p, WORD_NET) || is_word(p, WORD_EXTRA) || is_word(p, WORD_GRACE))
		{
			go_back(p, here);
			item = new_item(p);
		}
		else
		{
			if (first->value % 100 != 0 || first->too_fine || m == 0)
				return fail_at(p, first, "A share is a fraction like 1/3.", NULL);
			return set_share(p, item, first, first->value / 100, m) &&
				keep_item(p, first, ITEM_SHARE);
		}
	}

	if (first->too_fine)
		return fail_at(p, first, "A discount has at most two decimals.", NULL);
	if (!set_share(p, item, first, first->value, 100 * 100))
		return false;
	if (m > TERMS_MAX_DAYS)
		return fail_at(p, &second, "That is more than ten years.", NULL);
	item->clause.days = m;
	take_word(p, WORD_DAYS);
	suffix = p->token;
	if (take_eom(p, &item->clause))
	{
		item->rolls = true;
		if (!check_one_eom(p, &suffix))
			return false;
	}
	else if ((is_word(p, WORD_PROX) || is_word(p, WORD_MFI)) && take_next_month(p, &item->rolls))
	{
		item->clause.days = 0;
		if (!check_one_eom(p, &suffix) || !take_month_day(p, &second, m, &item->clause))
			return false;
	}
	if (!take_dash_extra(p) || !keep_item(p, first, ITEM_DISCOUNT))
		return false;
	/* "2/10/net 30" */
	if (take_symbol(p, '/') && !is_word(p, WORD_NET))
		return fail(p, "A net date is expected here, as in \"net 30\".", hint_terms);
	return true;
}

/* "2% 10", "2%/10", "30% 60", "50% net 60"; the number is behind us, "%" here. */
static bool
take_percent(Parser *p, const TermsToken *first)
{
	Item	   *item = new_item(p);
	ItemKind	kind = ITEM_PERCENT;
	bool		bare;

	advance(p);
	if (first->too_fine)
		return fail_at(p, first, "A percentage has at most two decimals.", NULL);
	if (!set_share(p, item, first, first->value, 100 * 100))
		return false;

	/* Only a discount is written like this ... */
	if (take_symbol(p, '/') || take_word(p, WORD_DISCOUNT))
		kind = ITEM_DISCOUNT;
	if (take_word(p, WORD_IF) || is_word(p, WORD_PAID))
	{
		take_word(p, WORD_PAID);
		kind = ITEM_DISCOUNT;
	}
	take_word(p, WORD_IN);
	/* ... and only an instalment like this. */
	if (kind == ITEM_PERCENT && take_word(p, WORD_NET))
		kind = ITEM_SHARE;

	return take_day(p, item, &bare) && take_dash_extra(p) && keep_item(p, first, kind);
}

/* The net date; `named` if "net" or the like has been taken. */
static bool
take_net(Parser *p, const TermsToken *token, bool named)
{
	Item	   *item = new_item(p);
	bool		bare = false;

	/* "net ROG" is due at the receipt of goods. */
	if (!(named && is_word(p, WORD_ROG)) && !take_day(p, item, &bare))
		return false;
	if (!named && !take_word(p, WORD_NET) && bare)
		return fail_at(p, token, "A number alone can be many things.",
					   "Write \"net 30\" for the net date, \"2/10\" for a discount, or a share such as \"1/3\" before the days.");
	/* "net EOM 10" */
	if (named && item->clause.anchor == TERMS_EOM && item->clause.months == 0 && item->clause.days == 0 &&
		p->token.kind == TOKEN_NUMBER && !extra_is_next(p) &&
		(!take_span(p, 1, &item->clause, &bare)))
		return false;
	return take_from(p) && keep_item(p, token, ITEM_NET);
}

/* "EOM" or "prox" alone, behind what it holds for: "2/10, n/30, EOM". */
static bool
take_eom_for_all(Parser *p)
{
	TermsToken	token = p->token;
	bool		prox = take_word(p, WORD_PROX);
	TermsClause eom = {0};

	if (!prox && (!take_eom(p, &eom) || eom.months != 0))
		return fail_at(p, &token, "It is not clear what this belongs to.", hint_terms);
	if (is_symbol(p, '+') || (is_symbol(p, '-') && !extra_is_next(p)))
		return fail(p, "It is not clear what this belongs to.", "Say \"net\" before the net date.");

	for (int i = 0; i < p->nitems; i++)
	{
		TermsClause *clause = &p->items[i].clause;

		if (clause->anchor != 0 || clause->months != 0)
			return fail_at(p, &token, "It is not clear what this belongs to.", hint_terms);
		p->items[i].rolls = true;
		if (!prox)
			clause->anchor = TERMS_EOM;
		else
		{
			int			day = clause->days;

			clause->days = 0;
			if (!take_month_day(p, &token, day, clause))
				return false;
		}
	}
	return true;
}

/* "03-01", "Mar 1", "1 March"; "3/1" would be in March here and in January there. */
static bool
take_dating(Parser *p)
{
	TermsToken	dating = p->token;
	TermsToken	first;
	int			month = 0;
	int			day = 0;

	advance(p);
	first = p->token;
	if (is_word(p, WORD_MONTH_NAME))
	{
		month = p->token.value;
		advance(p);
		if (!take_whole(p, 1, 31, &day, "day of the month"))
			return false;
	}
	else
	{
		if (!take_whole(p, 1, 31, &day, "month and day, as in 03-01"))
			return false;
		if (is_word(p, WORD_MONTH_NAME))
		{
			month = p->token.value;
			advance(p);
		}
		else if (take_symbol(p, '-'))
		{
			month = day;
			if (!take_whole(p, 1, 31, &day, "day of the month"))
				return false;
		}
		else
			return fail(p, "Dating has a month and a day.", "Write \"dating 03-01\" or \"dating 1 March\".");
	}
	if (month > 12)
		return fail_at(p, &first, "There is no such month; the month comes first.", "Write \"dating 03-01\" for 1 March.");
	return set_start(p, &dating, TERMS_FROM_SEASON, month * 32 + day);
}

static bool
set_once(Parser *p, const TermsToken *token, int *field, int value)
{
	if (*field != NOT_GIVEN)
		return fail_at(p, token, "This is said twice.", NULL);
	*field = value;
	return true;
}

/* Items that begin with a number. */
static bool
take_numbered(Parser *p)
{
	Mark		here = mark(p);
	int			n;

	advance(p);
	if (is_symbol(p, '/'))
		return take_fraction(p, &here.token);
	if (is_symbol(p, '%'))
		return take_percent(p, &here.token);
	if (is_word(p, WORD_EXTRA))
	{
		go_back(p, here);
		if (!take_whole(p, 1, TERMS_MAX_EXTRA, &n, "days of extra dating"))
			return false;
		advance(p);
		return set_start(p, &here.token, TERMS_FROM_EXTRA, n);
	}
	take_word(p, WORD_DAYS);
	if (is_word(p, WORD_GRACE))
	{
		go_back(p, here);
		if (!take_whole(p, 0, TERMS_MAX_GRACE, &n, "days of grace"))
			return false;
		take_word(p, WORD_DAYS);
		advance(p);
		return set_once(p, &here.token, &p->grace, n);
	}
	go_back(p, here);
	return take_net(p, &here.token, false);
}

static bool
take_cutoff(Parser *p, const TermsToken *token, bool none)
{
	int			day = 0;

	if (take_word(p, WORD_CUT))
	{
		take_symbol(p, '-');
		if (!take_word(p, WORD_OFF))
			return fail(p, "This is not understood.", hint_terms);
	}
	else if (!take_word(p, WORD_CUTOFF))
		return fail(p, "This is not understood.", hint_terms);
	if (!none)
	{
		take_word(p, WORD_DAYS);	/* "cut-off day 25" */
		if (!take_whole(p, 1, 31, &day, "the last day of a month that counts into it"))
			return false;
	}
	/* No day is after the 31st. */
	return set_once(p, token, &p->cutoff, day == 31 ? 0 : day);
}

static bool
take_item(Parser *p, bool comma)
{
	TermsToken	token = p->token;
	int			n;

	if (token.kind == TOKEN_NUMBER)
		return take_numbered(p);
	if (token.kind == TOKEN_ORDINAL || is_symbol(p, '('))
		return take_net(p, &token, false);
	if (token.kind == TOKEN_END)
		return fail(p, "The text ends too early.", hint_terms);
	if (token.kind != TOKEN_WORD)
		return fail(p, "This is not understood.", hint_terms);

	switch (token.word)
	{
		case WORD_NET:
			advance(p);
			/* "n/30", "net-30"; but "net -30" would be a negative number. */
			if (!take_symbol(p, '/') && is_symbol(p, '-') &&
				p->token.start == token.start + token.length)
				advance(p);
			return take_net(p, &token, true);

		case WORD_DUE:
		case WORD_IN:
			/* "payment due within 30 days", "payable on receipt", "due net 30" */
			while (take_word(p, WORD_DUE) || take_word(p, WORD_IN) || take_word(p, WORD_NET))
				continue;
			return take_net(p, &token, true);

		case WORD_ON:
		case WORD_THE:
		case WORD_IMMEDIATE:
			return take_net(p, &token, true);

		case WORD_EOM:
		case WORD_END:
		case WORD_MONTHS:
		case WORD_PROX:
			if (p->nitems == 0)
				return take_net(p, &token, false);
			if (!comma && p->nitems > 1)
				return check_one_eom(p, &token) && take_eom_for_all(p);
			return take_eom_for_all(p);

		case WORD_ROG:
			advance(p);
			return set_start(p, &token, TERMS_FROM_GOODS, 0);

		case WORD_RECEIPT:
			{
				bool		goods = false;

				advance(p);
				if (!take_receipt_of(p, &goods))
					return false;
				if (!goods)
					return fail_at(p, &token, "This can be read in two ways.",
								   "Write \"due on receipt\" for the receipt of the invoice, \"ROG\" for that of the goods.");
				return set_start(p, &token, TERMS_FROM_GOODS, 0);
			}

		case WORD_EXTRA:
			advance(p);
			return take_whole(p, 1, TERMS_MAX_EXTRA, &n, "days of extra dating") &&
				set_start(p, &token, TERMS_FROM_EXTRA, n);

		case WORD_DATING:
			return take_dating(p);

		case WORD_GRACE:
			advance(p);
			if (!take_whole(p, 0, TERMS_MAX_GRACE, &n, "days of grace"))
				return false;
			take_word(p, WORD_DAYS);
			return set_once(p, &token, &p->grace, n);

		case WORD_NO:
			advance(p);
			return take_cutoff(p, &token, true);

		case WORD_CUT:
		case WORD_CUTOFF:
			return take_cutoff(p, &token, false);

		default:
			return fail(p, "This is not understood here.", hint_terms);
	}
}

/* Terms that are a word and nothing else; false if this is none of them. */
static bool
take_cash_terms(Parser *p, TermsStart *start)
{
	Mark		here = mark(p);

	if (take_word(p, WORD_COD))
		*start = TERMS_COD;
	else if (take_word(p, WORD_CIA))
		*start = TERMS_CIA;
	else if (take_word(p, WORD_CWO))
		*start = TERMS_CWO;
	else if (take_word(p, WORD_CASH) || take_word(p, WORD_DUE))
	{
		if (take_word(p, WORD_ON) && take_word(p, WORD_DELIVERY))
			*start = TERMS_COD;
		else if (take_word(p, WORD_WITH) && take_word(p, WORD_ORDER))
			*start = TERMS_CWO;
		else if ((take_word(p, WORD_IN) && take_word(p, WORD_ADVANCE)) ||
				 (take_word(p, WORD_BEFORE) && take_word(p, WORD_DELIVERY)))
			*start = TERMS_CIA;
		else
		{
			go_back(p, here);
			return false;
		}
	}
	else
		return false;
	return true;
}

/* Discounts or shares?  A net date, or a sum of 100%, decides what percents are. */
static bool
settle_percents(Parser *p)
{
	int			count[ITEM_NET + 1] = {0};
	bool		whole;
	ItemKind	kind = ITEM_SHARE;
	const Item *item = p->items;
	int			hundredths = 0;

	for (int i = 0; i < p->nitems; i++)
	{
		count[p->items[i].kind]++;
		if (p->items[i].kind == ITEM_PERCENT)
			hundredths += (int) p->items[i].clause.num * (TERMS_MAX_DENOMINATOR / p->items[i].clause.den);
	}
	whole = hundredths == TERMS_MAX_DENOMINATOR;

	if (count[ITEM_SHARE] > 0 && count[ITEM_DISCOUNT] + count[ITEM_NET] > 0)
	{
		p->failed = true;
		return terms_refuse(p->fault, "Instalments go together neither with a cash discount nor with a net date.");
	}
	/* "2% 10th prox" and "2% 10 ROG" alone are discounts too. */
	if (count[ITEM_NET] > 0 || count[ITEM_DISCOUNT] > 0 ||
		(count[ITEM_PERCENT] == 1 && count[ITEM_SHARE] == 0 && !whole &&
		 (item->clause.anchor != 0 || p->start == TERMS_FROM_GOODS || p->start == TERMS_FROM_EXTRA)))
		kind = ITEM_DISCOUNT;
	else if (count[ITEM_PERCENT] > 0 && count[ITEM_SHARE] == 0 && !whole)
	{
		p->failed = true;
		terms_refuse(p->fault, "The instalments add up to %d.%02d%% of the amount, not to the whole.",
					 hundredths / 100, hundredths % 100);
		p->fault->hint = "If this is a cash discount, say when the net amount is due: \"2% 10 net 30\".";
		return false;
	}

	for (int i = 0; i < p->nitems; i++)
		if (p->items[i].kind == ITEM_PERCENT)
			p->items[i].kind = kind;
	return true;
}

/* Discounts best first, then what is due. */
static bool
build(Parser *p, PaymentTerms *terms)
{
	int			n = 0;
	TermsClause net = {.num = 1, .den = 1};
	bool		net_given = false;
	bool		rolls = false;

	memset(terms, 0, TERMS_SIZE(TERMS_MAX_CLAUSES));
	for (int i = 0; i < p->nitems; i++)
	{
		const Item *item = &p->items[i];

		if (item->kind == ITEM_NET)
		{
			net = item->clause;
			net_given = true;
			continue;
		}
		if (item->kind == ITEM_DISCOUNT)
		{
			int			at = n;

			if (n == TERMS_MAX_DISCOUNTS)
				return terms_refuse(p->fault, "There are at most %d discounts.", TERMS_MAX_DISCOUNTS);
			while (at > 0 && (int) terms->clauses[at - 1].num * item->clause.den <
				   (int) item->clause.num * terms->clauses[at - 1].den)
			{
				terms->clauses[at] = terms->clauses[at - 1];
				at--;
			}
			terms->clauses[at] = item->clause;
			terms->ndiscounts++;
			rolls |= item->rolls;
		}
		else
			terms->clauses[n] = item->clause;
		n++;
	}

	if (terms->ndiscounts > 0 && !net_given)
	{
		/* A trade custom: 20 days after the discount. */
		net = terms->clauses[n - 1];
		net.num = net.den = 1;
		if (net.anchor & TERMS_DAYS_FIRST)
			return terms_refuse(p->fault, "It is not said when the net amount is due.");
		net.days = Min(net.days, TERMS_MAX_DAYS) + TERMS_NET_AFTER_DISCOUNT;
	}
	if (terms->ndiscounts > 0 || n == 0)
		terms->clauses[n++] = net;

	SET_VARSIZE(terms, TERMS_SIZE(n));
	terms->version = TERMS_VERSION;
	terms->start = p->start == NOT_GIVEN ? TERMS_FROM_INVOICE : p->start;
	terms->start_arg = p->start_arg;
	terms->cutoff = p->cutoff != NOT_GIVEN ? p->cutoff : rolls ? TERMS_DEFAULT_CUTOFF : 0;
	terms->grace = p->grace == NOT_GIVEN ? 0 : p->grace;
	return terms_check(terms, p->fault);
}

bool
terms_parse(const char *text, PaymentTerms *terms, TermsFault *fault)
{
	Parser		parser = {.text = text, .fault = fault, .start = NOT_GIVEN,
	.cutoff = NOT_GIVEN, .grace = NOT_GIVEN};
	Parser	   *p = &parser;
	TermsStart	cash;
	bool		comma = false;

	advance(p);
	if (take_cash_terms(p, &cash))
	{
		if (p->token.kind != TOKEN_END)
			return fail(p, "Cash terms have nothing else.", NULL);
		p->start = cash;
		return build(p, terms);
	}

	do
	{
		if (!take_item(p, comma))
			return false;
		comma = take_symbol(p, ',') || take_symbol(p, ';');
		if (!comma && !take_symbol(p, '-'))
			take_word(p, WORD_AND);
		else if (p->token.kind == TOKEN_END)
			return fail(p, "The text ends too early.", hint_terms);
	} while (p->token.kind != TOKEN_END);

	if (p->nitems == 0 && p->start != TERMS_FROM_GOODS)
		return terms_refuse(fault, "It is not said when the amount is due.");
	if (!settle_percents(p))
		return false;
	if (p->dash_extra)
		for (int i = 0; i < p->nitems; i++)
			if (p->items[i].kind == ITEM_NET)
			{
				terms_refuse(fault, "It is not clear whether the net days count from the invoice or from the extra days.");
				fault->hint = "If all days count after the extra ones, write \"1/10 net 30 extra 60\".";
				return false;
			}
	return build(p, terms);
}
