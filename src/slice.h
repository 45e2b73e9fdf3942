/*
 * slice.h
 *		Pieces of a file in memory, and what can be wrong with one.
 *
 * The readers of bank files (bai2.c, x12.c, remittance_csv.c) share this: they
 * are plain C without memory of their own, walk over the text once from front to
 * back, and hand out slices of it.  Whoever calls them makes values and errors.
 */
#ifndef SLICE_H
#define SLICE_H

#include "cc_compat.h"

/* Bytes from start up to end; not terminated, and never copied. */
typedef struct Slice
{
	const char *start;
	const char *end;
} Slice;

/* A calendar date, checked. */
typedef struct FileDate
{
	int			year;			/* 0: there is none */
	int			month;
	int			day;
} FileDate;

/* An exact decimal number as it is written in a file. */
typedef struct FileAmount
{
	bool		given;			/* false: the field is blank */
	int			scale;			/* decimals written */
	int128		units;
} FileAmount;

/*
 * Limits of one number.  A file has at most a gigabyte, so that no sum of its
 * numbers, all brought to FILE_MAX_SCALE, leaves int128: 10^(22+6) * 10^9 < 10^38.
 */
#define FILE_MAX_DIGITS 22
#define FILE_MAX_SCALE	6

/* Why a file is refused; `problem` is NULL as long as nothing is. */
typedef struct FileFault
{
	const char *problem;		/* a phrase, such as "account total is wrong" */
	int			place;			/* line or segment, from 1 */
	Slice		name;			/* of the column or segment; may be empty */
	int			element;		/* of the segment, from 1; 0: none */
	Slice		found;			/* what stands there; may be empty */
	bool		has_figures;
	FileAmount	stated;
	FileAmount	counted;
} FileFault;

static inline Slice
slice_make(const char *start, const char *end)
{
	Slice		slice = {start, end};

	return slice;
}

static inline Size
slice_len(Slice slice)
{
	return slice.end - slice.start;
}

static inline bool
slice_is_empty(Slice slice)
{
	return slice.end <= slice.start;
}

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* For a terminated constant. */
static inline bool
slice_is(Slice slice, const char *constant)
{
	Size		len = strlen(constant);

	return slice_len(slice) == len && memcmp(slice.start, constant, len) == 0;
}

static inline bool
slice_equals(Slice a, Slice b)
{
	return slice_len(a) == slice_len(b) &&
		(slice_len(a) == 0 || memcmp(a.start, b.start, slice_len(a)) == 0);
}

/* Without blanks, tabs and carriage returns at both ends. */
extern Slice slice_trim(Slice slice);

/* The whole text without a byte order mark (UTF-8), and without blanks, line ends and DOS's ^Z at its end. */
extern Slice slice_file(const char *text, Size len);

/* Up to the next `delimiter` or the end of *rest, which is moved behind it; false when *rest has run out. */
extern bool slice_cut(Slice *rest, char delimiter, Slice *piece);

/*
 * Read a whole slice as a number of items, of at most nine digits, or as a
 * decimal number "-123.45" with an optional sign on either side (+ in front
 * only).  False if it is anything else, blank included.
 */
extern bool slice_to_count(Slice slice, int *count);
extern bool slice_to_amount(Slice slice, FileAmount *amount);

/*
 * Read YYMMDD or YYYYMMDD as a calendar date; two-digit years are of 1970 to
 * 2069, as PostgreSQL reads them.
 */
extern bool slice_to_date(Slice slice, FileDate *date);

/* The amount in units of FILE_MAX_SCALE; zero if none is given. */
extern int128 amount_units(const FileAmount *amount);

/* For counts and sums in a fault. */
extern FileAmount amount_make(int128 units, int scale);

/* Fill *fault and return false. */
extern bool fault_at(FileFault *fault, int place, const char *problem, Slice found);
extern bool fault_figures(FileFault *fault, int place, const char *problem,
						  FileAmount stated, FileAmount counted);

#endif							/* SLICE_H */
