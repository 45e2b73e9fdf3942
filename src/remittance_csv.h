/*
 * remittance_csv.h
 *		Reading a payer's remittance advice as CSV (RFC 4180) with a header line.
 *
 * Plain C; slices point into the text given.
 */
#ifndef REMITTANCE_CSV_H
#define REMITTANCE_CSV_H

#include "slice.h"

#define CSV_MAX_COLUMNS 256

/* What a column can be; found by its name in the header. */
typedef enum CsvRole
{
	CSV_REFERENCE,
	CSV_PAID,
	CSV_INVOICE,
	CSV_DISCOUNT,
	CSV_DEDUCTION,
	CSV_REASON,
	CSV_CURRENCY,
	CSV_NROLES
} CsvRole;

typedef struct CsvRow
{
	int			line;			/* where the record begins, from 1 */
	bool		is_total;		/* the payer's own total; the last record */
	Slice		reference;		/* quoted pieces are as in the file; see csv_text() */
	FileAmount	paid;
	FileAmount	invoice;
	FileAmount	discount;
	FileAmount	deduction;
	Slice		reason;
	Slice		currency;
} CsvRow;

typedef struct CsvReader
{
	Slice		rest;			/* records not read yet */
	int			line;			/* of the next record */
	char		delimiter;
	char		decimal_mark;	/* . or , */
	int			ncolumns;
	Slice		names[CSV_MAX_COLUMNS];
	int			column_of[CSV_NROLES];	/* -1: there is none */
	bool		any_record;
	bool		after_total;
	FileFault	fault;
} CsvReader;

/*
 * Read the header.  `delimiter` 0: the one of comma, semicolon and tab that the
 * header has most of.
 */
extern void csv_start(CsvReader *reader, const char *text, Size len,
					  char delimiter, char decimal_mark);

/*
 * The next record.  False at the end of the file, or at a fault: then
 * reader->fault.problem says what, and nothing of the file may be used.
 */
extern bool csv_next(CsvReader *reader, CsvRow *row);

/* Fault of a row's column that the caller has found. */
extern bool csv_fault(CsvReader *reader, const CsvRow *row, CsvRole role,
					  const char *problem, Slice found);

/*
 * Write a field without its quotes to `out`, which has room for as many bytes
 * as the slice, and return how many there are.
 */
extern Size csv_text(Slice field, char *out);

#endif							/* REMITTANCE_CSV_H */
