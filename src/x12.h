/*
 * x12.h
 *		Reading ASC X12 820, payment order and remittance advice.
 *
 * Source: ASC X12 transaction set 820 and interchange control structure, as in
 * releases 003010 to 008010.  Plain C; slices point into the text given.
 */
#ifndef X12_H
#define X12_H

#include "slice.h"

/* BPR has the most elements; what stands behind these is not read. */
#define X12_MAX_ELEMENTS 24

typedef struct X12Segment
{
	int			place;			/* in the file, from 1 */
	Slice		all;
	Slice		name;
	int			nelements;
	Slice		elements[X12_MAX_ELEMENTS + 1];	/* from 1, as the standard counts */
} X12Segment;

typedef enum X12State
{
	X12_OUTSIDE,
	X12_IN_INTERCHANGE,
	X12_IN_GROUP,
	X12_IN_SET
} X12State;

typedef enum X12LineKind
{
	X12_PAYMENT,				/* a payment without any remittance line */
	X12_REMITTANCE,				/* RMR */
	X12_ADJUSTMENT,				/* ADX inside an RMR: explains it, is in its amount */
	X12_FREE_ADJUSTMENT			/* ADX on its own: part of the payment */
} X12LineKind;

/* What the heading of one transaction set says of the payment. */
typedef struct X12Payment
{
	Slice		set_control;	/* ST02 */
	Slice		trace;			/* TRN02 */
	FileAmount	amount;			/* BPR02 */
	Slice		credit_debit;	/* BPR03, C or D */
	Slice		method;			/* BPR04 */
	FileDate	date;			/* BPR16, or the first DTM */
	Slice		currency;		/* CUR02 */
	Slice		payer_name;		/* N1 PR */
	Slice		payer_id;
	Slice		payee_name;		/* N1 PE */
	Slice		payee_id;
} X12Payment;

typedef struct X12Row
{
	int			place;			/* segment, from 1 in the file */
	int			line_no;		/* in the payment, from 1 */
	X12LineKind kind;
	Slice		entity;			/* ENT01 */
	Slice		reference_qualifier;	/* RMR01 */
	Slice		reference;		/* RMR02 */
	FileDate	document_date;	/* DTM 003 */
	FileAmount	paid;			/* RMR04 */
	FileAmount	invoice;		/* RMR05 */
	FileAmount	discount;		/* RMR06 */
	FileAmount	adjustment;		/* ADX01, or RMR08 */
	Slice		adjustment_reason;	/* ADX02, or RMR07 */
	Slice		adjustment_qualifier;	/* ADX03 */
	Slice		adjustment_reference;	/* ADX04 */
	Slice		details;		/* segments that follow it; see x12_next_reference() */
} X12Row;

typedef struct X12Reader
{
	Slice		rest;			/* segments not read yet */
	int			place;			/* number of the last segment read */
	char		element_separator;
	char		terminator;
	X12State	state;
	FileFault	fault;

	Slice		sender;			/* ISA06 */
	Slice		receiver;		/* ISA08 */
	Slice		interchange_control;	/* ISA13 */
	int			ngroups;
	Slice		group_control;	/* GS06 */
	int			nsets;

	X12Payment	payment;
	bool		count_adjustments;	/* ADX after an RMR that need them not are free */
	bool		has_lines;
	int			line_no;
	Slice		entity;
	X12Row		remittance;		/* the RMR of the loop the reader is in */
	bool		in_remittance;
	bool		explained;		/* its ADX make up what its amount is short of */
} X12Reader;

extern void x12_start(X12Reader *reader, const char *text, Size len);

/*
 * The next line of a payment, which reader->payment and the control numbers
 * describe.  False at the end of the file, or at a fault: then
 * reader->fault.problem says what, and nothing of the file may be used.
 */
extern bool x12_next(X12Reader *reader, X12Row *row);

/*
 * The REF segments that follow a line: *details begins as row.details.  False
 * when there are no more.
 */
extern bool x12_next_reference(const X12Reader *reader, Slice *details,
							   Slice *qualifier, Slice *reference);

#endif							/* X12_H */
