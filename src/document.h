/*
 * document.h
 *		Kinds of document and which side of the account they are on.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "cc_compat.h"

typedef enum DocumentSide
{
	SIDE_NONE,					/* not a kind of document */
	SIDE_DEBIT,					/* the customer owes it */
	SIDE_CREDIT					/* in the customer's favour */
} DocumentSide;

extern DocumentSide document_side(const char *kind, int len);

#endif							/* DOCUMENT_H */
