/*
 * arrays.h
 *		Arguments that are arrays of one value for each of something.
 */
#ifndef ARRAYS_H
#define ARRAYS_H

#include "cc_compat.h"

#include "utils/array.h"

/*
 * The elements of a one-dimensional array of numeric or text, palloc'd.  `what` names
 * it in errors: 22023 unless there are n of them, 22004 if one is NULL.
 */
extern Datum *cc_array_elements(ArrayType *array, Oid type, const char *what, int n);

#endif							/* ARRAYS_H */
