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

#include "terms_parser.h"

/* Terms that are a word and nothing else; false if this is none of them. */
static bool
take_cash_terms(TermsParser *p, TermsStart *start)
{
	TermsMark	here = mark(p);

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
settle_percents(TermsParser *p)
{
	int			count[ITEM_NET + 1] = {0};
	bool		whole;
	TermsItemKind	kind = ITEM_SHARE;
	const TermsItem *item = p->items;
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
build(TermsParser *p, PaymentTerms *terms)
{
	int			n = 0;
	TermsClause net = {.num = 1, .den = 1};
	bool		net_given = false;
	bool		rolls = false;

	memset(terms, 0, TERMS_SIZE(TERMS_MAX_CLAUSES));
	for (int i = 0; i < p->nitems; i++)
	{
		const TermsItem *item = &p->items[i];

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
	TermsParser		parser = {.text = text, .fault = fault, .start = NOT_GIVEN,
	.cutoff = NOT_GIVEN, .grace = NOT_GIVEN};
	TermsParser	   *p = &parser;
	TermsStart	cash;
	bool		comma = false;

	terms_advance(p);
	if (take_cash_terms(p, &cash))
	{
		if (p->token.kind != TOKEN_END)
			return terms_fail(p, "Cash terms have nothing else.", NULL);
		p->start = cash;
		return build(p, terms);
	}

	do
	{
		if (!terms_take_item(p, comma))
			return false;
		comma = take_symbol(p, ',') || take_symbol(p, ';');
		if (!comma && !take_symbol(p, '-'))
			take_word(p, WORD_AND);
		else if (p->token.kind == TOKEN_END)
			return terms_fail(p, "The text ends too early.", terms_hint_terms);
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
