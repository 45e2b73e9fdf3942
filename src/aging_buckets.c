/*
 * aging_buckets.c
 *		The SQL type credit.aging_buckets.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "aging_buckets.h"

/* isspace() would depend on the locale. */
static void
skip_spaces(const char **cursor)
{
	while (**cursor == ' ' || (**cursor >= '\t' && **cursor <= '\r'))
		(*cursor)++;
}

bool
aging_parse_int64(const char **cursor, int64 *value)
{
	const char *p = *cursor;
	bool		negative = (*p == '-');
	int64		sum = 0;

	if (negative)
		p++;
	if (*p < '0' || *p > '9')
		return false;

	/* Summed below zero, where there is room for one more. */
	for (; *p >= '0' && *p <= '9'; p++)
		if (pg_mul_s64_overflow(sum, 10, &sum) ||
			pg_sub_s64_overflow(sum, *p - '0', &sum))
			return false;
	if (!negative && pg_mul_s64_overflow(sum, -1, &sum))
		return false;

	*value = sum;
	*cursor = p;
	return true;
}

bool
aging_bounds_parse(const char **cursor, int32 *bounds, int *nbounds,
				   const char *whole, const char *type,
				   struct Node *escontext)
{
	*nbounds = 0;
	skip_spaces(cursor);
	if (**cursor == '\0' || **cursor == ';')
		return true;

	for (;;)
	{
		int64		days;

		skip_spaces(cursor);
		if (!aging_parse_int64(cursor, &days))
			cc_ereturn(escontext, false,
					   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type %s: \"%s\"", type, whole),
						errdetail("Bucket bounds are whole numbers of days, separated by commas.")));
		if (days < PG_INT32_MIN || days > PG_INT32_MAX)
			cc_ereturn(escontext, false,
					   (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("aging bucket bound " INT64_FORMAT " is out of range", days)));
		if (*nbounds == AGING_MAX_BOUNDS)
			cc_ereturn(escontext, false,
					   (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("too many aging bucket bounds"),
						errdetail("At most %d bounds are allowed.", AGING_MAX_BOUNDS)));
		bounds[(*nbounds)++] = (int32) days;

		skip_spaces(cursor);
		if (**cursor != ',')
			return true;
		(*cursor)++;
	}
}

bool
aging_bounds_check(const int32 *bounds, int nbounds, struct Node *escontext)
{
	if (nbounds < 1)
		cc_ereturn(escontext, false,
				   (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("aging buckets must have at least one bound"),
					errhint("For example '0,30,60,90': not due, 1-30, 31-60, 61-90 and over 90 days past due.")));
	if (nbounds > AGING_MAX_BOUNDS)
		cc_ereturn(escontext, false,
				   (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("too many aging bucket bounds"),
					errdetail("At most %d bounds are allowed.", AGING_MAX_BOUNDS)));
	for (int i = 1; i < nbounds; i++)
	{
		if (bounds[i] <= bounds[i - 1])
			cc_ereturn(escontext, false,
					   (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("aging bucket bounds must be in strictly ascending order"),
						errdetail("Bound %d follows bound %d.", bounds[i], bounds[i - 1])));
	}
	/* The last bucket starts on the day after, which must be a day. */
	if (bounds[nbounds - 1] == PG_INT32_MAX)
		cc_ereturn(escontext, false,
				   (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("aging bucket bound %d is out of range", PG_INT32_MAX)));
	return true;
}

AgingBuckets *
aging_buckets_make(const int32 *bounds, int nbounds)
{
	Size		size = VARHDRSZ + nbounds * sizeof(int32);
	AgingBuckets *buckets = palloc(size);

	SET_VARSIZE(buckets, size);
	memcpy(buckets->bounds, bounds, nbounds * sizeof(int32));
	return buckets;
}

char *
aging_bounds_out(const int32 *bounds, int nbounds)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < nbounds; i++)
		appendStringInfo(&buf, i == 0 ? "%d" : ",%d", bounds[i]);
	return buf.data;
}

char *
aging_bucket_label(const int32 *bounds, int nbounds, int bucket)
{
	int			from;
	int			to;

	if (bucket == 0)
		return bounds[0] == 0 ? pstrdup("not due") : psprintf("<= %d", bounds[0]);
	if (bucket == nbounds)
		return psprintf("> %d", bounds[nbounds - 1]);

	from = bounds[bucket - 1] + 1;
	to = bounds[bucket];
	if (from == to)
		return psprintf("%d", to);
	/* A hyphen between negative days would be read as a sign. */
	return psprintf(from < 0 ? "%d to %d" : "%d-%d", from, to);
}

void
aging_bucket_number_check(int32 number, int nbounds)
{
	if (number < 1 || number > nbounds + 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("aging bucket %d does not exist", number),
				 errdetail("Buckets are numbered from 1 to %d.", nbounds + 1)));
}

PG_FUNCTION_INFO_V1(aging_buckets_in);
Datum
aging_buckets_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	struct Node *escontext = cc_escontext(fcinfo);
	const char *cursor = input;
	int32		bounds[AGING_MAX_BOUNDS];
	int			nbounds;

	if (!aging_bounds_parse(&cursor, bounds, &nbounds,
							input, "credit.aging_buckets", escontext))
		return (Datum) 0;
	if (*cursor != '\0')
		cc_ereturn(escontext, (Datum) 0,
				   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid input syntax for type %s: \"%s\"",
						   "credit.aging_buckets", input),
					errdetail("Bucket bounds are whole numbers of days, separated by commas.")));
	if (!aging_bounds_check(bounds, nbounds, escontext))
		return (Datum) 0;
	PG_RETURN_POINTER(aging_buckets_make(bounds, nbounds));
}

PG_FUNCTION_INFO_V1(aging_buckets_out);
Datum
aging_buckets_out(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets = aging_buckets_from_datum(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(aging_bounds_out(buckets->bounds,
									   aging_buckets_nbounds(buckets)));
}

/* The wire form is the bounds; their number follows from the length. */
PG_FUNCTION_INFO_V1(aging_buckets_recv);
Datum
aging_buckets_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int32		bounds[AGING_MAX_BOUNDS];
	int			nbytes = buf->len - buf->cursor;
	int			nbounds = nbytes / sizeof(int32);

	if (nbytes % sizeof(int32) != 0 || nbounds > AGING_MAX_BOUNDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid length in external \"%s\" value", "credit.aging_buckets")));
	for (int i = 0; i < nbounds; i++)
		bounds[i] = pq_getmsgint(buf, sizeof(int32));
	aging_bounds_check(bounds, nbounds, NULL);
	PG_RETURN_POINTER(aging_buckets_make(bounds, nbounds));
}

PG_FUNCTION_INFO_V1(aging_buckets_send);
Datum
aging_buckets_send(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets = aging_buckets_from_datum(PG_GETARG_DATUM(0));
	int			nbounds = aging_buckets_nbounds(buckets);
	StringInfoData buf;

	pq_begintypsend(&buf);
	for (int i = 0; i < nbounds; i++)
		pq_sendint32(&buf, buckets->bounds[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(aging_buckets_from_array);
Datum
aging_buckets_from_array(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			nbounds = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int32	   *bounds = (int32 *) ARR_DATA_PTR(array);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("aging bucket bounds must be a one-dimensional array")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("aging bucket bounds must not be null")));
	aging_bounds_check(bounds, nbounds, NULL);
	PG_RETURN_POINTER(aging_buckets_make(bounds, nbounds));
}

PG_FUNCTION_INFO_V1(aging_buckets_to_array);
Datum
aging_buckets_to_array(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets = aging_buckets_from_datum(PG_GETARG_DATUM(0));
	int			nbounds = aging_buckets_nbounds(buckets);
	Datum		elements[AGING_MAX_BOUNDS];

	for (int i = 0; i < nbounds; i++)
		elements[i] = Int32GetDatum(buckets->bounds[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, nbounds, INT4OID,
										  sizeof(int32), true, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(aging_buckets_label);
Datum
aging_buckets_label(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets = aging_buckets_from_datum(PG_GETARG_DATUM(0));
	int32		bucket = PG_GETARG_INT32(1);
	int			nbounds = aging_buckets_nbounds(buckets);

	aging_bucket_number_check(bucket, nbounds);
	PG_RETURN_TEXT_P(cstring_to_text(aging_bucket_label(buckets->bounds,
														nbounds, bucket - 1)));
}

PG_FUNCTION_INFO_V1(aging_buckets_bucket_of);
Datum
aging_buckets_bucket_of(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets = aging_buckets_from_datum(PG_GETARG_DATUM(0));

	PG_RETURN_INT32(1 + aging_bucket_of(buckets->bounds,
										aging_buckets_nbounds(buckets),
										PG_GETARG_INT32(1)));
}

/* Any total order will do: by bounds, and a prefix comes first. */
static int
compare_buckets(FunctionCallInfo fcinfo)
{
	AgingBuckets *a = aging_buckets_from_datum(PG_GETARG_DATUM(0));
	AgingBuckets *b = aging_buckets_from_datum(PG_GETARG_DATUM(1));
	int			na = aging_buckets_nbounds(a);
	int			nb = aging_buckets_nbounds(b);

	for (int i = 0; i < Min(na, nb); i++)
		if (a->bounds[i] != b->bounds[i])
			return a->bounds[i] < b->bounds[i] ? -1 : 1;
	return (na > nb) - (na < nb);
}

PG_FUNCTION_INFO_V1(aging_buckets_cmp);
Datum
aging_buckets_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_buckets(fcinfo));
}

PG_FUNCTION_INFO_V1(aging_buckets_eq);
Datum
aging_buckets_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_buckets(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(aging_buckets_ne);
Datum
aging_buckets_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_buckets(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(aging_buckets_lt);
Datum
aging_buckets_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_buckets(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(aging_buckets_le);
Datum
aging_buckets_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_buckets(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(aging_buckets_ge);
Datum
aging_buckets_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_buckets(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(aging_buckets_gt);
Datum
aging_buckets_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_buckets(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(aging_buckets_hash);
Datum
aging_buckets_hash(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets = aging_buckets_from_datum(PG_GETARG_DATUM(0));

	return hash_any((unsigned char *) buckets->bounds,
					VARSIZE(buckets) - VARHDRSZ);
}
