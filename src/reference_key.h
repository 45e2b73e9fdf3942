/*
 * reference_key.h
 *		The normal form of a document number.
 *
 * Plain C that allocates nothing and raises nothing, except reference_utf8().
 * Text is in a server encoding: bytes below 0x80 are ASCII wherever they stand.
 */
#ifndef REFERENCE_KEY_H
#define REFERENCE_KEY_H

#include "cc_compat.h"

typedef enum ReferenceChar
{
	REFERENCE_SEPARATOR,
	REFERENCE_DIGIT,
	REFERENCE_LETTER			/* also every character that is not ASCII and no punctuation */
} ReferenceChar;

/* Whether the database is in UTF-8, where punctuation beyond ASCII is known too. */
extern bool reference_utf8(void);

/*
 * The character at `p`: its kind, its length in bytes and, of an ASCII letter
 * or digit, full-width ones included, the upper-case ASCII form; 0 of any
 * other character.  Never reads at or behind `end`.
 */
extern ReferenceChar reference_char(const char *p, const char *end, bool utf8,
									int *length, char *ascii);

/* Stands in a stripped text where separators part two numbers. */
#define REFERENCE_MARK '-'

/*
 * Letters and digits only, in upper case, and if asked for the marks.
 * `stripped` has room for as many bytes as the text has; returns how many it got.
 */
extern int	reference_strip(const char *text, int length, bool utf8, bool marks, char *stripped);

typedef enum ReferenceForm
{
	/* What the marks part is one number: INV-2026-00123 is INV202600123. */
	REFERENCE_JOINED,

	/* Each loses its leading zeros: INV-2026-00123 is INV2026123. */
	REFERENCE_APART,

	/*
	 * The same, after letters that are read for digits have become those
	 * digits: O Q -> 0, I L -> 1, Z -> 2, S -> 5, G -> 6, B -> 8.
	 */
	REFERENCE_TWINS
} ReferenceForm;

/*
 * Normal form of a stripped text: no marks, and no leading zeros of any number.
 * `key` has room for `length` bytes.
 */
extern int	reference_normal(const char *stripped, int length, ReferenceForm form, char *key);

/* The digit an upper-case letter is taken for, or the character itself. */
extern char reference_twin(char c);

#endif							/* REFERENCE_KEY_H */
