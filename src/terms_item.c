/*
 * terms_item.c
 *		The items of payment terms as text: "2/10", "net 30", "1/3 60", "ROG".
 */
#include "cc_compat.h"

#include "terms_parser.h"

static TermsItem *
new_item(TermsParser *p)
{
	TermsItem	   *item = &p->items[p->nitems];

	memset(item, 0, sizeof(*item));
	item->clause.num = item->clause.den = 1;
	return item;
}

/* Keeps the item that new_item() gave out. */
static bool
keep_item(TermsParser *p, const TermsToken *token, TermsItemKind kind)
{
	p->items[p->nitems].kind = kind;
	if (kind == ITEM_NET)
		for (int i = 0; i < p->nitems; i++)
			if (p->items[i].kind == ITEM_NET)
				return terms_fail_at(p, token, "There is a net date already.", NULL);
	if (p->nitems == TERMS_MAX_INSTALMENTS)
		return terms_fail_at(p, token, "There are too many parts.", NULL);
	p->nitems++;
	return true;
}

static bool
set_share(TermsParser *p, TermsItem *item, const TermsToken *token, int num, int den)
{
	int			a = num;
	int			b = den;

	if (num == 0 || num > den)
		return terms_fail_at(p, token, "A share or a discount must be more than nothing and at most 100%.", NULL);
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
take_dash_extra(TermsParser *p)
{
	TermsToken	dash = p->token;
	int			days;

	if (!is_symbol(p, '-') || !terms_extra_is_next(p))
		return true;
	terms_advance(p);
	if (!terms_take_whole(p, 1, TERMS_MAX_EXTRA, &days, "days of extra dating"))
		return false;
	take_word(p, WORD_EXTRA);
	p->dash_extra = true;
	return terms_set_start(p, &dash, TERMS_FROM_EXTRA, days);
}

/* Does a day come next, not "2/20" or "2% 20"? */
static bool
day_is_next(TermsParser *p)
{
	TermsMark	here = mark(p);

	if (p->token.kind == TOKEN_NUMBER)
	{
		bool		yes;

		terms_advance(p);
		yes = !is_symbol(p, '/') && !is_symbol(p, '%');
		go_back(p, here);
		return yes;
	}
	return p->token.kind == TOKEN_ORDINAL || is_symbol(p, '(');
}

/* "2/10", "2/10 EOM", "2/10 prox", "1/10-60x" or a share "1/3 30"; `first` is behind us, a slash here. */
static bool
take_fraction(TermsParser *p, const TermsToken *first)
{
	TermsItem	   *item = new_item(p);
	TermsToken	second;
	TermsToken	suffix;
	int			m;

	terms_advance(p);
	second = p->token;
	if (!terms_take_whole(p, 0, TERMS_MAX_DENOMINATOR, &m, "days of the discount, or the divisor of a share"))
		return false;

	if (day_is_next(p))
	{
		TermsMark	here = mark(p);
		bool		bare;

		if (!terms_take_day(p, item, &bare))
			return false;
		/* "2/10 30 net", "2/10 60x", "2/10 5 days grace" */
		if (is_word(p, WORD_NET) || terms_word_ends(p, WORD_EXTRA) || terms_word_ends(p, WORD_GRACE))
		{
			go_back(p, here);
			item = new_item(p);
		}
		else
		{
			if (first->value % 100 != 0 || first->too_fine || m == 0)
				return terms_fail_at(p, first, "A share is a fraction like 1/3.", NULL);
			return set_share(p, item, first, first->value / 100, m) &&
				keep_item(p, first, ITEM_SHARE);
		}
	}

	if (first->too_fine)
		return terms_fail_at(p, first, "A discount has at most two decimals.", NULL);
	if (!set_share(p, item, first, first->value, 100 * 100))
		return false;
	if (m > TERMS_MAX_DAYS)
		return terms_fail_at(p, &second, "That is more than ten years.", NULL);
	item->clause.days = m;
	take_word(p, WORD_DAYS);
	suffix = p->token;
	if (terms_take_eom(p, &item->clause))
	{
		item->rolls = true;
		if (!terms_check_one_eom(p, &suffix))
			return false;
	}
	else if ((is_word(p, WORD_PROX) || is_word(p, WORD_MFI)) && terms_take_next_month(p, &item->rolls))
	{
		item->clause.days = 0;
		if (!terms_check_one_eom(p, &suffix) || !terms_take_month_day(p, &second, m, &item->clause))
			return false;
	}
	if (!take_dash_extra(p) || !keep_item(p, first, ITEM_DISCOUNT))
		return false;
	/* "2/10/net 30" */
	if (take_symbol(p, '/') && !is_word(p, WORD_NET))
		return terms_fail(p, "A net date is expected here, as in \"net 30\".", terms_hint_terms);
	return true;
}

/* "2% 10", "2%/10", "30% 60", "50% net 60"; the number is behind us, "%" here. */
static bool
take_percent(TermsParser *p, const TermsToken *first)
{
	TermsItem	   *item = new_item(p);
	TermsItemKind	kind = ITEM_PERCENT;
	bool		bare;

	terms_advance(p);
	if (first->too_fine)
		return terms_fail_at(p, first, "A percentage has at most two decimals.", NULL);
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

	return terms_take_day(p, item, &bare) && take_dash_extra(p) && keep_item(p, first, kind);
}

/* The net date; `named` if "net" or the like has been taken. */
static bool
take_net(TermsParser *p, const TermsToken *token, bool named)
{
	TermsItem	   *item = new_item(p);
	bool		bare = false;

	/* "net ROG" is due at the receipt of goods. */
	if (!(named && is_word(p, WORD_ROG)) && !terms_take_day(p, item, &bare))
		return false;
	if (!named && !take_word(p, WORD_NET) && bare)
		return terms_fail_at(p, token, "A number alone can be many things.",
					   "Write \"net 30\" for the net date, \"2/10\" for a discount, or a share such as \"1/3\" before the days.");
	/* "net EOM 10" */
	if (named && item->clause.anchor == TERMS_EOM && item->clause.months == 0 && item->clause.days == 0 &&
		p->token.kind == TOKEN_NUMBER && !terms_extra_is_next(p) &&
		(!terms_take_span(p, 1, &item->clause, &bare)))
		return false;
	return terms_take_from(p) && keep_item(p, token, ITEM_NET);
}

/* "EOM" or "prox" alone, behind what it holds for: "2/10, n/30, EOM". */
static bool
take_eom_for_all(TermsParser *p)
{
	TermsToken	token = p->token;
	bool		prox = take_word(p, WORD_PROX);
	TermsClause eom = {0};

	if (!prox && (!terms_take_eom(p, &eom) || eom.months != 0))
		return terms_fail_at(p, &token, "It is not clear what this belongs to.", terms_hint_terms);
	if (is_symbol(p, '+') || (is_symbol(p, '-') && !terms_extra_is_next(p)))
		return terms_fail(p, "It is not clear what this belongs to.", "Say \"net\" before the net date.");

	for (int i = 0; i < p->nitems; i++)
	{
		TermsClause *clause = &p->items[i].clause;

		if (clause->anchor != 0 || clause->months != 0)
			return terms_fail_at(p, &token, "It is not clear what this belongs to.", terms_hint_terms);
		p->items[i].rolls = true;
		if (!prox)
			clause->anchor = TERMS_EOM;
		else
		{
			int			day = clause->days;

			clause->days = 0;
			if (!terms_take_month_day(p, &token, day, clause))
				return false;
		}
	}
	return true;
}

/* "03-01", "Mar 1", "1 March"; "3/1" would be in March here and in January there. */
static bool
take_dating(TermsParser *p)
{
	TermsToken	dating = p->token;
	TermsToken	first;
	int			month = 0;
	int			day = 0;

	terms_advance(p);
	first = p->token;
	if (is_word(p, WORD_MONTH_NAME))
	{
		month = p->token.value;
		terms_advance(p);
		if (!terms_take_whole(p, 1, 31, &day, "day of the month"))
			return false;
	}
	else
	{
		if (!terms_take_whole(p, 1, 31, &day, "month and day, as in 03-01"))
			return false;
		if (is_word(p, WORD_MONTH_NAME))
		{
			month = p->token.value;
			terms_advance(p);
		}
		else if (take_symbol(p, '-'))
		{
			month = day;
			if (!terms_take_whole(p, 1, 31, &day, "day of the month"))
				return false;
		}
		else
			return terms_fail(p, "Dating has a month and a day.", "Write \"dating 03-01\" or \"dating 1 March\".");
	}
	if (month > 12)
		return terms_fail_at(p, &first, "There is no such month; the month comes first.", "Write \"dating 03-01\" for 1 March.");
	return terms_set_start(p, &dating, TERMS_FROM_SEASON, month * 32 + day);
}

static bool
set_once(TermsParser *p, const TermsToken *token, int *field, int value)
{
	if (*field != NOT_GIVEN)
		return terms_fail_at(p, token, "This is said twice.", NULL);
	*field = value;
	return true;
}

/* Items that begin with a number. */
static bool
take_numbered(TermsParser *p)
{
	TermsMark	here = mark(p);
	int			n;

	terms_advance(p);
	if (is_symbol(p, '/'))
		return take_fraction(p, &here.token);
	if (is_symbol(p, '%'))
		return take_percent(p, &here.token);
	if (terms_word_ends(p, WORD_EXTRA))
	{
		go_back(p, here);
		if (!terms_take_whole(p, 1, TERMS_MAX_EXTRA, &n, "days of extra dating"))
			return false;
		terms_advance(p);
		return terms_set_start(p, &here.token, TERMS_FROM_EXTRA, n);
	}
	take_word(p, WORD_DAYS);
	if (terms_word_ends(p, WORD_GRACE))
	{
		go_back(p, here);
		if (!terms_take_whole(p, 0, TERMS_MAX_GRACE, &n, "days of grace"))
			return false;
		take_word(p, WORD_DAYS);
		terms_advance(p);
		return set_once(p, &here.token, &p->grace, n);
	}
	go_back(p, here);
	return take_net(p, &here.token, false);
}

static bool
take_cutoff(TermsParser *p, const TermsToken *token, bool none)
{
	int			day = 0;

	if (take_word(p, WORD_CUT))
	{
		take_symbol(p, '-');
		if (!take_word(p, WORD_OFF))
			return terms_fail(p, "This is not understood.", terms_hint_terms);
	}
	else if (!take_word(p, WORD_CUTOFF))
		return terms_fail(p, "This is not understood.", terms_hint_terms);
	if (!none)
	{
		take_word(p, WORD_DAYS);	/* "cut-off day 25" */
		if (!terms_take_whole(p, 1, 31, &day, "the last day of a month that counts into it"))
			return false;
	}
	/* No day is after the 31st. */
	return set_once(p, token, &p->cutoff, day == 31 ? 0 : day);
}

bool
terms_take_item(TermsParser *p, bool comma)
{
	TermsToken	token = p->token;
	int			n;

	if (token.kind == TOKEN_NUMBER)
		return take_numbered(p);
	if (token.kind == TOKEN_ORDINAL || is_symbol(p, '('))
		return take_net(p, &token, false);
	if (token.kind == TOKEN_END)
		return terms_fail(p, "The text ends too early.", terms_hint_terms);
	if (token.kind != TOKEN_WORD)
		return terms_fail(p, "This is not understood.", terms_hint_terms);

	switch (token.word)
	{
		case WORD_NET:
			terms_advance(p);
			/* "n/30", "net-30"; but "net -30" would be a negative number. */
			if (!take_symbol(p, '/') && is_symbol(p, '-') &&
				p->token.start == token.start + token.length)
				terms_advance(p);
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
				return terms_check_one_eom(p, &token) && take_eom_for_all(p);
			return take_eom_for_all(p);

		case WORD_ROG:
			terms_advance(p);
			return terms_set_start(p, &token, TERMS_FROM_GOODS, 0);

		case WORD_RECEIPT:
			{
				bool		goods = false;

				terms_advance(p);
				if (!terms_take_receipt_of(p, &goods))
					return false;
				if (!goods)
					return terms_fail_at(p, &token, "This can be read in two ways.",
								   "Write \"due on receipt\" for the receipt of the invoice, \"ROG\" for that of the goods.");
				return terms_set_start(p, &token, TERMS_FROM_GOODS, 0);
			}

		case WORD_EXTRA:
			terms_advance(p);
			return terms_take_whole(p, 1, TERMS_MAX_EXTRA, &n, "days of extra dating") &&
				terms_set_start(p, &token, TERMS_FROM_EXTRA, n);

		case WORD_DATING:
			return take_dating(p);

		case WORD_GRACE:
			terms_advance(p);
			if (!terms_take_whole(p, 0, TERMS_MAX_GRACE, &n, "days of grace"))
				return false;
			take_word(p, WORD_DAYS);
			return set_once(p, &token, &p->grace, n);

		case WORD_NO:
			terms_advance(p);
			return take_cutoff(p, &token, true);

		case WORD_CUT:
		case WORD_CUTOFF:
			return take_cutoff(p, &token, false);

		default:
			return terms_fail(p, "This is not understood here.", terms_hint_terms);
	}
}
