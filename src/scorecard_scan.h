/*
 * scorecard_scan.h
 *		The words of a scorecard's text.
 *
 * Functions that return bool move the cursor past what they have found; if there is
 * nothing of the kind they return false.  Those that must find it report a fault.
 */
#ifndef SCORECARD_SCAN_H
#define SCORECARD_SCAN_H

#include "scorecard_text.h"

typedef struct CardScanner
{
	char	   *text;
	char	   *cursor;
	ScorecardDraft *draft;		/* what the words are put into */
	ScorecardFault *fault;
} CardScanner;

/* For "%.*s". */
#define TEXT_ARGS(text)	(int) (text).length, (text).start

/* isspace() would depend on the locale. */
static inline bool
card_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Report a fault; always false, for the caller to return. */
extern bool card_fail(CardScanner *scanner, const char *at, int sqlstate,
					  const char *hint, const char *format,...)
			__attribute__((format(__printf__, 5, 6)));

/* The same for something else that is at the cursor. */
extern bool card_expected(CardScanner *scanner, const char *what);

extern void card_spaces(CardScanner *scanner);

/* A character, after spaces if there are any. */
extern bool card_take(CardScanner *scanner, char c);

/* A word, in lower case here and in any case there, that is not part of a longer one. */
extern bool card_at_keyword(const char *p, const char *keyword);
extern bool card_take_keyword(CardScanner *scanner, const char *keyword);

/* A decimal number, exactly; must be there. */
extern bool card_number(CardScanner *scanner, DraftNumber *number);

/* Points and the like, in millionths; must be there. */
extern bool card_points(CardScanner *scanner, int64 *points);

/* Text in quotes, the first of which is at the cursor; not longer than `max`. */
extern bool card_quoted(CardScanner *scanner, char quote, size_t max, DraftText *text);

/* A name, which may have the characters in `extra` besides; must be there. */
extern bool card_name(CardScanner *scanner, const char *what, const char *extra,
					  DraftText *name);

#endif							/* SCORECARD_SCAN_H */
