/*
 * terms_day.c
 *		The days of payment terms as text: "30 days", "EOM + 15 days", "10th prox".
 */
#include "cc_compat.h"

#include "terms_parser.h"

bool
terms_word_ends(TermsParser *p, TermsWord word)
{
	TermsMark	here = mark(p);
	bool		yes;

	if (!take_word(p, word))
		return false;
	yes = p->token.kind != TOKEN_NUMBER;
	go_back(p, here);
	return yes;
}

/* Is "60x" what comes next, behind a dash or not? */
bool
terms_extra_is_next(TermsParser *p)
{
	TermsMark	here = mark(p);
	bool		yes;

	take_symbol(p, '-');
	yes = p->token.kind == TOKEN_NUMBER;
	terms_advance(p);
	yes = yes && terms_word_ends(p, WORD_EXTRA);
	go_back(p, here);
	return yes;
}

/* "30 days", "2 weeks", "1 month": adds to the clause; *bare without a unit. */
bool
terms_take_span(TermsParser *p, int sign, TermsClause *clause, bool *bare)
{
	TermsToken	number = p->token;
	int			n;
	int			days = 0;
	int			months = 0;

	if (!terms_take_whole(p, 0, TERMS_MAX_DAYS, &n, "days or months"))
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
		return terms_fail_at(p, &number, "Months can only be added.", terms_hint_days);
	if (clause->months + months > TERMS_MAX_MONTHS || abs(clause->days + sign * days) > TERMS_MAX_DAYS)
		return terms_fail_at(p, &number, "That is more than ten years.", NULL);
	clause->months += months;
	clause->days += sign * days;
	return true;
}

/* "+ 3 months - 15 days" */
static bool
take_sums(TermsParser *p, TermsClause *clause)
{
	while (is_symbol(p, '+') || is_symbol(p, '-'))
	{
		TermsMark	here = mark(p);
		TermsToken	number;
		int			days;
		bool		bare;

		if (is_symbol(p, '-') && terms_extra_is_next(p))
			return true;
		terms_advance(p);
		if (here.token.symbol == '-' && p->token.kind != TOKEN_NUMBER)
		{
			go_back(p, here);	/* "EOM-net 30" */
			return true;
		}
		number = p->token;
		days = clause->days;
		if (!terms_take_span(p, here.token.symbol == '-' ? -1 : 1, clause, &bare))
			return false;
		if ((clause->anchor & TERMS_DAYS_FIRST) && clause->days != days)
			return terms_fail_at(p, &number, "Only months can be added to this.", terms_hint_days);
	}
	return true;
}

/* "EOM", "end of month", "end of next month", "month end" */
bool
terms_take_eom(TermsParser *p, TermsClause *clause)
{
	TermsMark	here = mark(p);

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
bool
terms_take_next_month(TermsParser *p, bool *rolls)
{
	TermsMark	here = mark(p);

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

bool
terms_set_start(TermsParser *p, const TermsToken *token, TermsStart start, int arg)
{
	if (p->start != NOT_GIVEN)
		return terms_fail_at(p, token, "It is said already from when the days count.", NULL);
	p->start = start;
	p->start_arg = arg;
	return true;
}

/* Behind "receipt": "of goods", "of the invoice"; `goods` if it says neither. */
bool
terms_take_receipt_of(TermsParser *p, bool *goods)
{
	if (!take_word(p, WORD_OF))
		return true;
	take_word(p, WORD_THE);
	if (take_word(p, WORD_GOODS))
		*goods = true;
	else if (take_word(p, WORD_INVOICE))
		*goods = false;
	else
		return terms_fail(p, "Receipt of what: goods or invoice?", NULL);
	return true;
}

/* "after [the] invoice [date]", "of invoice", "from date of invoice", "after ROG", "from receipt of goods" */
bool
terms_take_from(TermsParser *p)
{
	TermsMark	here = mark(p);

	if (!take_word(p, WORD_AFTER) && !take_word(p, WORD_OF))
		return true;
	take_word(p, WORD_THE);
	if (take_word(p, WORD_DATE) && !take_word(p, WORD_OF))
		return terms_fail(p, "The date of what?", NULL);
	take_word(p, WORD_THE);
	if (take_word(p, WORD_INVOICE))
	{
		take_word(p, WORD_DATE);
		return true;
	}
	if (take_word(p, WORD_ROG))
		return terms_set_start(p, &here.token, TERMS_FROM_GOODS, 0);
	if (is_word(p, WORD_RECEIPT))
	{
		bool		goods = false;
		TermsToken	receipt = p->token;

		terms_advance(p);
		if (!is_word(p, WORD_OF))
			return terms_fail_at(p, &receipt, "Receipt of what: goods or invoice?", NULL);
		if (!terms_take_receipt_of(p, &goods))
			return false;
		return goods ? terms_set_start(p, &here.token, TERMS_FROM_GOODS, 0) : true;
	}
	return terms_fail(p, "Days count from the invoice, from the receipt of goods, or from EOM.", NULL);
}

/* What follows a day of the month. */
bool
terms_take_month_day(TermsParser *p, const TermsToken *number, int day, TermsClause *clause)
{
	if (day < 1 || day > 31)
		return terms_fail_at(p, number, "A month has no such day.", terms_hint_days);
	clause->anchor |= day;
	clause->months += 1;
	return take_sums(p, clause);
}

/* "EOM ...", "10th ...", "10 prox": where "then" and a net date may stand. */
static bool
take_anchor(TermsParser *p, TermsItem *item)
{
	TermsToken	number = p->token;

	if (terms_take_eom(p, &item->clause))
	{
		item->rolls = true;
		return take_sums(p, &item->clause);
	}
	if (number.kind == TOKEN_ORDINAL || number.kind == TOKEN_NUMBER)
	{
		terms_advance(p);
		if (!terms_take_next_month(p, &item->rolls))
		{
			if (number.kind == TOKEN_NUMBER)
				return terms_fail_at(p, &number, "The 10th of the next month is \"10th\" or \"10 prox\".", terms_hint_days);
			item->rolls = true;
		}
		return terms_take_month_day(p, &number, number.value / 100, &item->clause);
	}
	return terms_fail(p, "A day is expected here.", terms_hint_days);
}

/*
 * "30 EOM" means 30 days after EOM.  Behind a clause of plain days it could
 * also mean that all of them count from EOM, as "2/10, n/30, EOM" does.
 */
bool
terms_check_one_eom(TermsParser *p, const TermsToken *eom)
{
	for (int i = 0; i < p->nitems; i++)
		if (p->items[i].clause.anchor == 0)
			return terms_fail_at(p, eom, "This can be read in two ways: for all of the terms, or for the last part only.",
						   "If all days count from the end of the month, write \"2/10, net 30, EOM\"; if only the last, \"2/10, net EOM + 30 days\".");
	return true;
}

/*
 * A day of any kind.  *bare is set for a number with nothing to it, which may
 * not be a day at all.
 */
bool
terms_take_day(TermsParser *p, TermsItem *item, bool *bare)
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
		if (!terms_take_receipt_of(p, &goods))
			return false;
		return goods ? terms_set_start(p, &number, TERMS_FROM_GOODS, 0) : true;
	}
	take_word(p, WORD_THE);
	if (take_symbol(p, '('))
	{
		if (!take_anchor(p, item))
			return false;
		if (!take_symbol(p, ')'))
			return terms_fail(p, "A closing parenthesis is missing.", NULL);
		return take_sums(p, clause);
	}
	number = p->token;
	if (number.kind != TOKEN_NUMBER)
		return take_anchor(p, item);

	if (!terms_take_span(p, 1, clause, bare))
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
		if (terms_take_eom(p, clause))
		{
			item->rolls = true;
			return true;
		}
		p->position = suffix.start + suffix.length;
		p->token = suffix;
		return terms_take_from(p);
	}
	if (clause->months > 0 && is_symbol(p, '+'))
		return take_sums(p, clause);
	if (terms_take_eom(p, clause))
	{
		*bare = false;
		item->rolls = true;
		return terms_check_one_eom(p, &suffix);
	}
	if (!unit_given && (is_word(p, WORD_PROX) || is_word(p, WORD_MFI) || is_word(p, WORD_OF)) &&
		terms_take_next_month(p, &item->rolls))
	{
		*bare = false;
		clause->days = 0;
		if (!terms_check_one_eom(p, &suffix))
			return false;
		return terms_take_month_day(p, &number, number.value / 100, clause);
	}
	return true;
}
