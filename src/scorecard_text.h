/*
 * scorecard_text.h
 *		From the text of a scorecard to a value, and back.
 *
 *	card      = [header ";"] section {";" section} [";"]
 *	header    = {"base" number | "odds" number [":1"] | "pdo" number |
 *				 "start" number | "decimals" digit}
 *	section   = name ":" bin {"," bin} [reason]
 *			  | "grades" ":" name ">=" number {"," ...} "," "else" name
 *	bin       = condition "=>" number ["(" reason ")"]
 *	condition = [">" number | ">=" number] ["<" number | "<=" number]
 *			  | category {"," category} | "else" | "null"
 *	category  = text in single quotes
 *	reason    = text in double quotes
 *	name      = letters, digits, "_", "." or text in double quotes
 *
 * A quote within quotes is doubled; "=>" after else may be left out; words are
 * recognised in any case.  A lower bound must be where the bin before it ends: it
 * is checked, and not kept.
 *
 * All but scorecard_try() is plain C: no memory is allocated, nothing is raised, so
 * that it can be run by a fuzzer without a server.
 */
#ifndef SCORECARD_TEXT_H
#define SCORECARD_TEXT_H

#include "scorecard.h"

/* May a name have this byte without being quoted?  The same in every locale. */
static inline bool
scorecard_is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '.' || (c & 0x80) != 0;
}

/* What is wrong, in the words of an error report. */
typedef struct ScorecardFault
{
	int			sqlstate;
	size_t		at;				/* byte of the text */
	char		message[256];
	char		hint[160];		/* or empty */
} ScorecardFault;

/* Bytes of the text, quotes taken off. */
typedef struct DraftText
{
	const char *start;
	size_t		length;
} DraftText;

/* units x 10^-scale, with as few decimals as possible. */
typedef struct DraftNumber
{
	int64		units;
	int			scale;
} DraftNumber;

typedef struct DraftBin
{
	DraftNumber bound;			/* of a listed bin of numbers */
	bool		inclusive;
	int64		points;			/* millionths */
	DraftText	reason;
} DraftBin;

typedef struct DraftCategory
{
	DraftText	text;
	uint16		bin;
	uint16		sorted;			/* as in ScorecardCategory */
} DraftCategory;

typedef struct DraftAttribute
{
	DraftText	name;
	DraftText	reason;
	ScorecardKind kind;
	int			bound_scale;
	int			first_bin;
	int			nlisted;
	int			first_category;
	int			ncategories;
	bool		has_else;
	bool		has_null;
} DraftAttribute;

typedef struct DraftGrade
{
	int64		from;
	DraftText	name;
} DraftGrade;

/* What the parser has read; scorecard_draft_init() makes room for it. */
typedef struct ScorecardDraft
{
	int64		start;
	int64		base;
	int64		odds;
	int64		pdo;
	int			decimals;
	bool		scaled;
	DraftAttribute *attributes;
	int			nattributes;
	DraftBin   *bins;
	int			nbins;
	DraftCategory *categories;
	int			ncategories;
	DraftGrade *grades;
	int			ngrades;
} ScorecardDraft;

/*
 * Begin a draft of this text in `memory`, aligned for any type.  Returns how many
 * bytes of it are needed; with NULL for memory that is all it does.
 */
extern size_t scorecard_draft_init(ScorecardDraft *draft, const char *text, char *memory);

/*
 * Read a card.  `text` is changed: quoted text loses its quotes in place, and the
 * draft points into it.  False, with *fault filled, if it is not one.
 */
extern bool scorecard_parse(char *text, ScorecardDraft *draft, ScorecardFault *fault);

/* Bytes of the value of a draft; and the value, into memory that is all zero. */
extern size_t scorecard_size(const ScorecardDraft *draft);
extern void scorecard_fill(const ScorecardDraft *draft, Scorecard *card);

/*
 * The one text form of a card, NUL-terminated, which reads back as an equal value.
 * Returns its length; writes nothing if `out` is NULL.
 */
extern size_t scorecard_write(const Scorecard *card, char *out);

/* In the same way the condition of one bin, as the card has it: "<0.7". */
extern size_t scorecard_write_condition(const Scorecard *card,
										const ScorecardAttribute *attribute,
										int bin, char *out);

/* In the same way a name: plain if it can be, else in double quotes. */
extern size_t scorecard_write_name(const char *name, size_t length, char *out);

/* All of the way from text to value, palloc'd; NULL with *fault filled if it is no card. */
extern Scorecard *scorecard_try(const char *input, ScorecardFault *fault);

#endif							/* SCORECARD_TEXT_H */
