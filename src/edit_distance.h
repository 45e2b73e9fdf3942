/*
 * edit_distance.h
 *		Levenshtein distance: inserted, deleted and replaced characters.
 *
 * Two characters that have changed places are two edits.
 */
#ifndef EDIT_DISTANCE_H
#define EDIT_DISTANCE_H

#include "cc_compat.h"

/* A word of up to 64 letters A to Z and digits, made ready to be compared with many others. */
#define EDIT_PATTERN_MAX 64

typedef struct EditPattern
{
	uint64		where[36];		/* for each symbol, bit i is set if it is the i-th character */
	int			length;
} EditPattern;

/* False if the word is empty, too long or has other characters. */
extern bool edit_pattern(const char *word, int length, EditPattern *pattern);

/* Distance of the pattern to another word of upper-case ASCII letters and digits. */
extern int	edit_pattern_distance(const EditPattern *pattern, const char *word, int length);

/* 1 - edits / length of the longer in units of 1/10000, rounded half up; two empty words are alike. */
extern int	edit_similarity(int edits, int longer);

#define EDIT_SIMILARITY_SCALE 4
#define EDIT_SIMILARITY_ONE 10000

#endif							/* EDIT_DISTANCE_H */
