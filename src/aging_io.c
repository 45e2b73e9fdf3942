/*
 * aging_io.c
 *		Text and binary forms of credit.aging.
 *
 * Text form, which round-trips byte for byte and depends on no setting:
 *
 *	0,30,60,90;past_due=1000.00/45000.00;undated=0;500.00/1/-3000.00;...
 *	bounds    ;past-due sum / amount x days;undated items;then for each bucket
 *	           sum / items / amount x days
 *
 * All sums show the same number of decimals: the value's scale.
 *
 * Binary form: version, scale and number of bounds (one byte each), bounds
 * (int32 each), undated (int64), then past-due sum and amount x days, and for
 * each bucket sum, items (int64) and amount x days; sums are 16 bytes, all in
 * network byte order.
 */
#include "cc_compat.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "aging.h"

/* A value being read: the parts of an Aging before its size is known. */
typedef struct AgingParts
{
	int32		bounds[AGING_MAX_BOUNDS];
	int			nbounds;
	int			scale;
	int64		undated;
	int128		past_due;
	int128		past_due_days;
	AgingBucket buckets[AGING_MAX_BUCKETS];
} AgingParts;

/*
 * What is past due is held twice if zero days is a bound; then both must say the
 * same.  (Otherwise one bucket holds both sides, and only the kept sum knows.)
 */
static bool
past_due_agrees(const AgingParts *parts)
{
	int128		amount = 0;
	int128		amount_days = 0;
	bool		is_bound = false;

	for (int i = 0; i < parts->nbounds; i++)
	{
		const AgingBucket *above = &parts->buckets[i + 1];

		if (parts->bounds[i] < 0)
			continue;
		is_bound |= (parts->bounds[i] == 0);
		if (__builtin_add_overflow(amount, above->amount, &amount) ||
			__builtin_add_overflow(amount_days, above->amount_days, &amount_days))
			return false;
	}
	return !is_bound ||
		(amount == parts->past_due && amount_days == parts->past_due_days);
}

/* The value, or NULL if it cannot be one and that was reported to escontext. */
static Aging *
assemble(const AgingParts *parts, struct Node *escontext)
{
	Aging	   *aging;

	if (!aging_bounds_check(parts->bounds, parts->nbounds, escontext))
		return NULL;
	if (!past_due_agrees(parts))
		cc_ereturn(escontext, NULL,
				   (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("value of type %s contradicts itself", "credit.aging"),
					errdetail("Its past-due sums are not those of its buckets past due.")));

	aging = aging_new(parts->bounds, parts->nbounds);
	aging->scale = parts->scale;
	aging->undated = parts->undated;
	aging->past_due = parts->past_due;
	aging->past_due_days = parts->past_due_days;
	memcpy(aging->buckets, parts->buckets,
		   aging_nbuckets(aging) * sizeof(AgingBucket));
	return aging;
}

static bool
parse_text(const char **cursor, const char *text)
{
	size_t		len = strlen(text);

	if (strncmp(*cursor, text, len) != 0)
		return false;
	*cursor += len;
	return true;
}

/* A sum, which must have as many decimals as those before it. */
static bool
parse_sum(const char **cursor, int128 *units, int *scale)
{
	const char *p = *cursor;
	int			own_scale;

	if (!money_parse(&p, units, &own_scale))
		return false;
	if (*scale >= 0 && own_scale != *scale)
		return false;
	*scale = own_scale;
	*cursor = p;
	return true;
}

/* All that follows the bounds; *cursor ends where it went wrong. */
static bool
parse_sums(const char **cursor, AgingParts *parts)
{
	parts->scale = -1;
	if (!(parse_text(cursor, ";past_due=") &&
		  parse_sum(cursor, &parts->past_due, &parts->scale) &&
		  parse_text(cursor, "/") &&
		  parse_sum(cursor, &parts->past_due_days, &parts->scale) &&
		  parse_text(cursor, ";undated=") &&
		  aging_parse_int64(cursor, &parts->undated)))
		return false;

	for (int i = 0; i <= parts->nbounds; i++)
	{
		AgingBucket *bucket = &parts->buckets[i];

		if (!(parse_text(cursor, ";") &&
			  parse_sum(cursor, &bucket->amount, &parts->scale) &&
			  parse_text(cursor, "/") &&
			  aging_parse_int64(cursor, &bucket->items) &&
			  parse_text(cursor, "/") &&
			  parse_sum(cursor, &bucket->amount_days, &parts->scale)))
			return false;
	}
	return **cursor == '\0';
}

PG_FUNCTION_INFO_V1(aging_in);
Datum
aging_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	struct Node *escontext = cc_escontext(fcinfo);
	const char *cursor = input;
	AgingParts	parts;

	if (!aging_bounds_parse(&cursor, parts.bounds, &parts.nbounds,
							input, "credit.aging", escontext))
		return (Datum) 0;
	if (!parse_sums(&cursor, &parts))
		cc_ereturn(escontext, (Datum) 0,
				   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid input syntax for type %s: \"%s\"",
						   "credit.aging", input),
					errdetail("The error is at character %d.",
							  (int) (cursor - input) + 1)));
	PG_RETURN_POINTER(assemble(&parts, escontext));
}

PG_FUNCTION_INFO_V1(aging_out);
Datum
aging_out(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	int			scale = aging->scale;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "%s;past_due=%s/%s;undated=" INT64_FORMAT,
					 aging_bounds_out(aging_bounds(aging), aging->nbounds),
					 money_out(aging->past_due, scale),
					 money_out(aging->past_due_days, scale),
					 aging->undated);
	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		const AgingBucket *bucket = &aging->buckets[i];

		appendStringInfo(&buf, ";%s/" INT64_FORMAT "/%s",
						 money_out(bucket->amount, scale),
						 bucket->items,
						 money_out(bucket->amount_days, scale));
	}
	PG_RETURN_CSTRING(buf.data);
}

static void
send_int128(StringInfo buf, int128 value)
{
	pq_sendint64(buf, (uint64) ((uint128) value >> 64));
	pq_sendint64(buf, (uint64) value);
}

static int128
receive_int128(StringInfo buf)
{
	uint64		high = pq_getmsgint64(buf);
	uint64		low = pq_getmsgint64(buf);

	return (int128) (((uint128) high << 64) | low);
}

PG_FUNCTION_INFO_V1(aging_send);
Datum
aging_send(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	const int32 *bounds = aging_bounds(aging);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, aging->version);
	pq_sendint8(&buf, aging->scale);
	pq_sendint8(&buf, aging->nbounds);
	for (int i = 0; i < aging->nbounds; i++)
		pq_sendint32(&buf, bounds[i]);
	pq_sendint64(&buf, aging->undated);
	send_int128(&buf, aging->past_due);
	send_int128(&buf, aging->past_due_days);
	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		const AgingBucket *bucket = &aging->buckets[i];

		send_int128(&buf, bucket->amount);
		pq_sendint64(&buf, bucket->items);
		send_int128(&buf, bucket->amount_days);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(aging_recv);
Datum
aging_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	AgingParts	parts;
	int			version = pq_getmsgbyte(buf);

	if (version != AGING_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d in external \"%s\" value",
						version, "credit.aging")));
	parts.scale = pq_getmsgbyte(buf);
	parts.nbounds = pq_getmsgbyte(buf);
	if (parts.scale > MONEY_MAX_SCALE || parts.nbounds > AGING_MAX_BOUNDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid external \"%s\" value", "credit.aging"),
				 errdetail("It has %d decimals and %d bounds.",
						   parts.scale, parts.nbounds)));
	for (int i = 0; i < parts.nbounds; i++)
		parts.bounds[i] = pq_getmsgint(buf, sizeof(int32));
	parts.undated = pq_getmsgint64(buf);
	parts.past_due = receive_int128(buf);
	parts.past_due_days = receive_int128(buf);
	for (int i = 0; i <= parts.nbounds; i++)
	{
		AgingBucket *bucket = &parts.buckets[i];

		bucket->amount = receive_int128(buf);
		bucket->items = pq_getmsgint64(buf);
		bucket->amount_days = receive_int128(buf);
	}
	PG_RETURN_POINTER(assemble(&parts, NULL));
}
