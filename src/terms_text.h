/*
 * terms_text.h
 *		Payment terms as text, and what makes them valid.
 *
 * Plain C: nothing here allocates or raises, so that a fuzzer can run it
 * without a server.
 */
#ifndef TERMS_TEXT_H
#define TERMS_TEXT_H

#include "terms.h"

/* Room for the canonical text of any terms, with its terminating zero. */
#define TERMS_MAX_TEXT 2560

/* What is wrong, as a sentence, for the DETAIL of an error. */
typedef struct TermsFault
{
	bool		syntax;			/* start and length point at the text not understood */
	int			start;			/* in bytes */
	int			length;			/* 0: at the end of the text */
	char		why[200];
	const char *hint;			/* NULL if there is none */
} TermsFault;

/*
 * Reads what people write into *terms, which has room for TERMS_SIZE(
 * TERMS_MAX_CLAUSES); false with *fault set if that makes no sense.
 */
extern bool terms_parse(const char *text, PaymentTerms *terms, TermsFault *fault);

/* Whether this is a value that terms_parse() could have made; false with *fault set. */
extern bool terms_check(const PaymentTerms *terms, TermsFault *fault);

/* The canonical text of a valid value, which reads back to the same bytes. */
extern void terms_print(const PaymentTerms *terms, char text[TERMS_MAX_TEXT]);

/* The text has been understood but makes no sense; returns false. */
extern bool terms_refuse(TermsFault *fault, const char *format,...) pg_attribute_printf(2, 3);

#endif							/* TERMS_TEXT_H */
