/*
 * bai2.h
 *		Reading BAI2, the cash management balance report of US banks.
 *
 * Source: BAI, Cash Management Balance Reporting Specifications, Version 2.
 * Plain C; slices point into the text that was given.
 */
#ifndef BAI2_H
#define BAI2_H

#include "slice.h"

/* Funds availability of one amount, type D: more days than any bank holds a check. */
#define BAI2_MAX_DISTRIBUTIONS 32

typedef enum Bai2Level
{
	BAI2_STATUS,				/* a balance; may be negative */
	BAI2_SUMMARY,				/* a total of transactions */
	BAI2_DETAIL					/* one transaction */
} Bai2Level;

typedef enum Bai2Side
{
	BAI2_NEITHER,
	BAI2_CREDIT,
	BAI2_DEBIT
} Bai2Side;

/* Where in the file the reader stands: which trailer it waits for. */
typedef enum Bai2State
{
	BAI2_OUTSIDE,
	BAI2_IN_FILE,
	BAI2_IN_GROUP,
	BAI2_IN_ACCOUNT
} Bai2State;

/* Control figures of an account, a group or the file, as counted. */
typedef struct Bai2Control
{
	int128		total;			/* in minor units, whatever the currency */
	int			parts;			/* accounts of a group, groups of a file */
	int			records;		/* physical records, trailer included */
} Bai2Control;

/* One amount: of a 16 record, or one of those in a 03 record. */
typedef struct Bai2Row
{
	int			line;			/* of its type code, from 1 */
	Slice		type_code;		/* three digits */
	Bai2Level	level;
	Bai2Side	side;
	FileAmount	amount;			/* minor units, scale 0; as signed in the file */
	int			item_count;		/* -1: not given */

	char		funds_type;		/* 0, 1, 2, S, V, D, Z, or 0 if not given */
	bool		has_availability;
	int128		immediate;		/* these three sum to the amount */
	int128		one_day;
	int128		two_day;		/* two days or more */
	FileDate	value_date;
	int			ndistributions;
	int			days[BAI2_MAX_DISTRIBUTIONS];
	int128		amounts[BAI2_MAX_DISTRIBUTIONS];

	Slice		bank_reference;
	Slice		customer_reference;
	Slice		text;			/* as in the file; see bai2_text() */
} Bai2Row;

typedef struct Bai2Reader
{
	Slice		rest;			/* lines not read yet */
	Slice		fields;			/* of the current line, not read yet */
	int			line;			/* number of the current line */
	Bai2State	state;
	bool		in_summaries;	/* more amounts of the 03 record may follow */
	Bai2Control file;
	Bai2Control group;
	Bai2Control account;
	FileFault	fault;

	/* What the headers say. */
	Slice		sender;
	Slice		receiver;
	Slice		file_id;
	FileDate	created;
	Slice		group_receiver;
	Slice		originator;
	Slice		group_status;	/* 1 update, 2 deletion, 3 correction, 4 test */
	FileDate	as_of;
	Slice		as_of_time;
	Slice		group_currency;
	Slice		account_no;
	Slice		currency;		/* of the account; "USD" unless the file says another */
} Bai2Reader;

extern void bai2_start(Bai2Reader *reader, const char *text, Size len);

/*
 * The next amount.  False at the end of the file, or at a fault: then
 * reader->fault.problem says what, and nothing of the file may be used, the
 * rows before it included.
 */
extern bool bai2_next(Bai2Reader *reader, Bai2Row *row);

/*
 * Write the text of a row to `out`, which has room for as many bytes as the
 * slice, and return how many there are: its lines without record codes and
 * end marks, joined by blanks.
 */
extern Size bai2_text(Slice text, char *out);

#endif							/* BAI2_H */
