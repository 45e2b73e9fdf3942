/*
 * terms_scan.c
 *		The words of payment terms, and reading one after the other.
 *
 * Case does not matter, nor do spaces, nor points in and after abbreviations
 * (c.o.d., prox.).  A number ends a word and a letter ends a number: "net30",
 * "60x".
 */
#include "cc_compat.h"

#include "terms_parser.h"

const char	terms_hint_days[] = "A day is \"30\", \"30 days\", \"2 months\", \"30 EOM\", \"EOM + 15 days\", \"10th prox\" or \"30 then EOM\".";
const char	terms_hint_terms[] = "Terms are for example \"2/10 net 30\", \"net 30 EOM\", \"2/10 EOM\", \"10th prox\", \"4/15 ROG\", \"1/10-60x\", \"net 30 dating 03-01\", \"1/3 30, 1/3 60, 1/3 90\", \"due on receipt\", \"COD\", \"CIA\" or \"CWO\".";

typedef struct WordEntry
{
	const char *text;
	TermsWord	word;
} WordEntry;

static const WordEntry words[] = {
	{"advance", WORD_ADVANCE},
	{"after", WORD_AFTER},
	{"from", WORD_AFTER},
	{"and", WORD_AND},
	{"before", WORD_BEFORE},
	{"cash", WORD_CASH},
	{"payment", WORD_DUE},
	{"cia", WORD_CIA},
	{"pia", WORD_CIA},
	{"cbd", WORD_CIA},
	{"prepaid", WORD_CIA},
	{"prepayment", WORD_CIA},
	{"cod", WORD_COD},
	{"cut", WORD_CUT},
	{"cutoff", WORD_CUTOFF},
	{"cwo", WORD_CWO},
	{"date", WORD_DATE},
	{"dating", WORD_DATING},
	{"d", WORD_DAYS},
	{"day", WORD_DAYS},
	{"days", WORD_DAYS},
	{"delivery", WORD_DELIVERY},
	{"discount", WORD_DISCOUNT},
	{"due", WORD_DUE},
	{"payable", WORD_DUE},
	{"end", WORD_END},
	{"eom", WORD_EOM},
	{"ex", WORD_EXTRA},
	{"extra", WORD_EXTRA},
	{"x", WORD_EXTRA},
	{"goods", WORD_GOODS},
	{"grace", WORD_GRACE},
	{"if", WORD_IF},
	{"immediate", WORD_IMMEDIATE},
	{"immediately", WORD_IMMEDIATE},
	{"in", WORD_IN},
	{"within", WORD_IN},
	{"invoice", WORD_INVOICE},
	{"mfi", WORD_MFI},
	{"m", WORD_MONTHS},
	{"mo", WORD_MONTHS},
	{"month", WORD_MONTHS},
	{"months", WORD_MONTHS},
	{"n", WORD_NET},
	{"net", WORD_NET},
	{"next", WORD_NEXT},
	{"following", WORD_NEXT},
	{"no", WORD_NO},
	{"of", WORD_OF},
	{"off", WORD_OFF},
	{"at", WORD_ON},
	{"by", WORD_ON},
	{"on", WORD_ON},
	{"upon", WORD_ON},
	{"order", WORD_ORDER},
	{"paid", WORD_PAID},
	{"prox", WORD_PROX},
	{"proximo", WORD_PROX},
	{"receipt", WORD_RECEIPT},
	{"rog", WORD_ROG},
	{"the", WORD_THE},
	{"then", WORD_THEN},
	{"w", WORD_WEEKS},
	{"week", WORD_WEEKS},
	{"weeks", WORD_WEEKS},
	{"with", WORD_WITH},
};

/* Also known by their first three letters. */
static const char *const month_names[] = {
	"january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december",
};

/* The ctype functions would depend on the locale. */
static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool
is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
scan_number(const char *text, int at, TermsToken *token)
{
	int			decimals = 0;
	bool		point = false;

	token->kind = TOKEN_NUMBER;
	for (;; at++)
	{
		if (text[at] == '.' && !point && is_digit(text[at + 1]))
		{
			point = true;
			continue;
		}
		if (!is_digit(text[at]))
			break;
		if (point && ++decimals > 2)
		{
			token->too_fine |= text[at] != '0';
			continue;
		}
		token->value = Min(token->value * (int64) 10 + text[at] - '0', TOKEN_MAX_VALUE);
	}
	for (; decimals < 2; decimals++)
		token->value = Min(token->value * (int64) 10, TOKEN_MAX_VALUE);

	if (!point)
	{
		char		a = lower(text[at]);
		char		b = a == '\0' ? '\0' : lower(text[at + 1]);

		if (((a == 's' && b == 't') || (a == 'n' && b == 'd') || (a == 'r' && b == 'd') || (a == 't' && b == 'h')) &&
			!is_letter(text[at + 2]))
		{
			token->kind = TOKEN_ORDINAL;
			at += 2;
		}
	}
	return at;
}

static void
look_up(const char *name, TermsToken *token)
{
	for (size_t i = 0; i < lengthof(words); i++)
		if (strcmp(name, words[i].text) == 0)
		{
			token->kind = TOKEN_WORD;
			token->word = words[i].word;
			return;
		}
	for (size_t i = 0; i < lengthof(month_names); i++)
		if (strcmp(name, month_names[i]) == 0 ||
			(strlen(name) == 3 && strncmp(name, month_names[i], 3) == 0))
		{
			token->kind = TOKEN_WORD;
			token->word = WORD_MONTH_NAME;
			token->value = i + 1;
			return;
		}
}

static int
scan_word(const char *text, int at, TermsToken *token)
{
	char		name[16];
	size_t		length = 0;

	token->kind = TOKEN_UNKNOWN;
	for (; is_letter(text[at]) || text[at] == '.'; at++)
		if (text[at] != '.' && length < sizeof(name))
			name[length++] = lower(text[at]);
	if (length < sizeof(name))	/* no word of ours is longer */
	{
		name[length] = '\0';
		look_up(name, token);
	}
	return at;
}

static TermsToken
scan(const char *text, int *position)
{
	TermsToken	token = {.kind = TOKEN_END};
	int			at = *position;

	while (is_space(text[at]))
		at++;
	token.start = at;

	if (is_digit(text[at]))
		at = scan_number(text, at, &token);
	else if (is_letter(text[at]))
		at = scan_word(text, at, &token);
	else if (text[at] != '\0' && strchr("/%,;-+()", text[at]) != NULL)
	{
		token.kind = TOKEN_SYMBOL;
		token.symbol = text[at++];
	}
	else if (text[at] != '\0')
	{
		token.kind = TOKEN_UNKNOWN;
		/* All bytes of a character that is not ASCII belong together. */
		do
			at++;
		while ((unsigned char) text[at] >= 0x80);
	}

	token.length = at - token.start;
	*position = at;
	return token;
}

void
terms_advance(TermsParser *p)
{
	p->token = scan(p->text, &p->position);
}

/* Points at a token; returns false. */
bool
terms_fail_at(TermsParser *p, const TermsToken *token, const char *why, const char *hint)
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

bool
terms_fail(TermsParser *p, const char *why, const char *hint)
{
	return terms_fail_at(p, &p->token, why, hint);
}

/* A whole number from `least` to `most`. */
bool
terms_take_whole(TermsParser *p, int least, int most, int *value, const char *what)
{
	char		why[100];

	*value = 0;
	if (p->token.kind != TOKEN_NUMBER)
	{
		snprintf(why, sizeof(why), "A number is expected here: %s.", what);
		return terms_fail(p, why, NULL);
	}
	if (p->token.value % 100 != 0 || p->token.too_fine ||
		p->token.value < least * 100 || p->token.value > most * 100)
	{
		snprintf(why, sizeof(why), "A whole number from %d to %d is expected here: %s.", least, most, what);
		return terms_fail(p, why, NULL);
	}
	*value = p->token.value / 100;
	terms_advance(p);
	return true;
}
