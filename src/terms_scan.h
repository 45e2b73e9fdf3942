/*
 * terms_scan.h
 *		The words of payment terms.
 */
#ifndef TERMS_SCAN_H
#define TERMS_SCAN_H

#include "cc_compat.h"

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

/* The token at text[*position], which moves past it. */
extern TermsToken terms_scan(const char *text, int *position);

#endif							/* TERMS_SCAN_H */
