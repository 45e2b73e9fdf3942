/*
 * arrays.c
 *		Arguments that are arrays of one value for each of something.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"

#include "arrays.h"

Datum *
cc_array_elements(ArrayType *array, Oid type, const char *what, int n)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", what)));
	/* numeric and text, which are stored alike */
	deconstruct_array(array, type, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count != n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must have one element for each bin", what),
				 errdetail("There are %d bins, and %d elements.", n, count)));
	for (int i = 0; i < n; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("element %d of %s must not be null", i + 1, what)));
	pfree(nulls);
	return elements;
}
