/*
 * terms_parser.h
 *		What the parts of the parser of payment terms share: terms_scan.c reads
 *		words, terms_day.c days, terms_item.c items, terms_parse.c the whole.
 *
 * A function take_...() moves past what it names and returns whether it was
 * there.  Those that can fail (terms_take_...()) return false when they have
 * reported a fault.
 */
#ifndef TERMS_PARSER_H
#define TERMS_PARSER_H

#include "terms_text.h"

typedef enum TermsTokenKind
{
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_ORDINAL,				/* 10th */
	TOKEN_WORD,
	TOKEN_SYMBOL,
	TOKEN_UNKNOWN				/* not a word of ours, or no ASCII */
} TermsTokenKind;

typedef enum TermsWord
{
	WORD_NONE,
	WORD_ADVANCE,
	WORD_AFTER,
	WORD_AND,
	WORD_BEFORE,
	WORD_CASH,
	WORD_CIA,
	WORD_COD,
	WORD_CUT,
	WORD_CUTOFF,
	WORD_CWO,
	WORD_DATE,
	WORD_DATING,
	WORD_DAYS,
	WORD_DELIVERY,
	WORD_DISCOUNT,
	WORD_DUE,
	WORD_END,
	WORD_EOM,
	WORD_EXTRA,
	WORD_GOODS,
	WORD_GRACE,
	WORD_IF,
	WORD_IMMEDIATE,
	WORD_IN,
	WORD_INVOICE,
	WORD_MFI,
	WORD_MONTH_NAME,
	WORD_MONTHS,
	WORD_NET,
	WORD_NEXT,
	WORD_NO,
	WORD_OF,
	WORD_OFF,
	WORD_ON,
	WORD_ORDER,
	WORD_PAID,
	WORD_PROX,
	WORD_RECEIPT,
	WORD_ROG,
	WORD_THE,
	WORD_THEN,
	WORD_WEEKS,
	WORD_WITH
} TermsWord;

/* Numbers are counted in hundredths; above this they are all the same to us. */
#define TOKEN_MAX_VALUE 1000000000

typedef struct TermsToken
{
	TermsTokenKind kind;
	TermsWord	word;
	char		symbol;
	int			value;			/* of a number, in hundredths; of a month's name, its number */
	bool		too_fine;		/* the number has more decimals than that */
	int			start;			/* in bytes */
	int			length;
} TermsToken;

typedef enum TermsItemKind
{
	ITEM_DISCOUNT,
	ITEM_SHARE,					/* of instalments */
	ITEM_PERCENT,				/* one of these two; what else there is decides */
	ITEM_NET
} TermsItemKind;

typedef struct TermsItem
{
	TermsItemKind kind;
	TermsClause clause;
	bool		rolls;			/* has a cut-off unless said: EOM or prox, but not MFI */
} TermsItem;

#define NOT_GIVEN (-1)

typedef struct TermsParser
{
	const char *text;
	int			position;		/* behind the token */
	TermsToken	token;
	TermsFault *fault;
	bool		failed;			/* the first failure stays */

	TermsItem	items[TERMS_MAX_INSTALMENTS + 1];
	int			nitems;
	int			start;			/* TermsStart, or NOT_GIVEN */
	int			start_arg;
	int			cutoff;			/* 0: none */
	int			grace;
	bool		dash_extra;		/* "1/10-60x": the extra days are the discount's */
} TermsParser;

/* Where a parser stands, to come back to. */
typedef struct TermsMark
{
	int			position;
	TermsToken	token;
} TermsMark;

/* For errors: what a day and what terms look like. */
extern const char terms_hint_days[];
extern const char terms_hint_terms[];

extern void terms_advance(TermsParser *p);

static inline TermsMark
mark(const TermsParser *p)
{
	TermsMark	here = {p->position, p->token};

	return here;
}

static inline void
go_back(TermsParser *p, TermsMark there)
{
	p->position = there.position;
	p->token = there.token;
}

static inline bool
is_symbol(const TermsParser *p, char symbol)
{
	return p->token.kind == TOKEN_SYMBOL && p->token.symbol == symbol;
}

static inline bool
is_word(const TermsParser *p, TermsWord word)
{
	return p->token.kind == TOKEN_WORD && p->token.word == word;
}

static inline bool
take_symbol(TermsParser *p, char symbol)
{
	if (!is_symbol(p, symbol))
		return false;
	terms_advance(p);
	return true;
}

static inline bool
take_word(TermsParser *p, TermsWord word)
{
	if (!is_word(p, word))
		return false;
	terms_advance(p);
	return true;
}

/* Point at a token, or at the one at hand; return false. */
extern bool terms_fail_at(TermsParser *p, const TermsToken *token, const char *why, const char *hint);
extern bool terms_fail(TermsParser *p, const char *why, const char *hint);

/* A whole number from `least` to `most`; `what` it is, for the message. */
extern bool terms_take_whole(TermsParser *p, int least, int most, int *value, const char *what);

/* terms_day.c */

/* A day of any kind; *bare is set for a number with nothing to it, which may be none. */
extern bool terms_take_day(TermsParser *p, TermsItem *item, bool *bare);

/* "30 days", "2 weeks", "1 month": adds to the clause; *bare without a unit. */
extern bool terms_take_span(TermsParser *p, int sign, TermsClause *clause, bool *bare);

/* take "EOM", "end of next month"; never fail */
extern bool terms_take_eom(TermsParser *p, TermsClause *clause);

/* take what makes a number a day of the next month; never fail */
extern bool terms_take_next_month(TermsParser *p, bool *rolls);

/* That day of the month, and what is added to it. */
extern bool terms_take_month_day(TermsParser *p, const TermsToken *number, int day, TermsClause *clause);

/* Nothing, or "after invoice", "from receipt of goods". */
extern bool terms_take_from(TermsParser *p);

/* Behind "receipt": nothing, "of goods", "of the invoice"; *goods is kept, set or reset. */
extern bool terms_take_receipt_of(TermsParser *p, bool *goods);

/* From where the days count; fails if that has been said. */
extern bool terms_set_start(TermsParser *p, const TermsToken *token, TermsStart start, int arg);

/* Fails if EOM behind the items so far could be meant for all of them. */
extern bool terms_check_one_eom(TermsParser *p, const TermsToken *eom);

/* Does this word end "60 extra", "5 days grace", and not begin "extra 60", "grace 5"? */
extern bool terms_word_ends(TermsParser *p, TermsWord word);

/* Is "60x" what comes next, behind a dash or not? */
extern bool terms_extra_is_next(TermsParser *p);

/* terms_item.c: an item of any kind; `comma` if one stands before it. */
extern bool terms_take_item(TermsParser *p, bool comma);

#endif							/* TERMS_PARSER_H */
