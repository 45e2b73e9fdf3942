/*
 * aging_io.c
 *		Text and binary forms of credit.aging.
 *
 * Text form, which round-trips byte for byte and depends on no setting:
 *
 *	0,30,60,90;undated=0;500.00/1/-3000.00;0.00/0/0.00;1000.00/1/45000.00;...
 *
 * that is the bounds, the number of undated items, then for each bucket
 * sum / items / sum of amount x days.  If zero is not a bound, what is past due
 * follows in the same way, as past_due=.../.../...; all sums have the same number
 * of decimals, the value's scale.
 *
 * Binary form, in network byte order: version, flags, scale and number of bounds
 * (one byte each), bounds (4 bytes each), undated (8), then the same sums in the
 * same order: sum (16), items (8), sum of amount x days (16).
 */
#include "cc_compat.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "aging.h"

static bool
parse_text(const char **cursor, const char *text)
{
	size_t		len = strlen(text);

	if (strncmp(*cursor, text, len) != 0)
		return false;
	*cursor += len;
	return true;
}

/* An amount, which must have as many decimals as those before it. */
static bool
parse_amount(const char **cursor, int128 *units, int *scale)
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
parse_sums(const char **cursor, Aging *aging)
{
	AgingSum   *sums = aging_sums(aging);
	int			scale = -1;

	if (!(parse_text(cursor, ";undated=") &&
		  aging_parse_int64(cursor, &aging->undated)))
		return false;
	for (int i = 0; i < aging_nsums(aging); i++)
	{
		if (!(parse_text(cursor, i < aging_nbuckets(aging) ? ";" : ";past_due=") &&
			  parse_amount(cursor, &sums[i].amount, &scale) &&
			  parse_text(cursor, "/") &&
			  aging_parse_int64(cursor, &sums[i].items) &&
			  parse_text(cursor, "/") &&
			  parse_amount(cursor, &sums[i].amount_days, &scale)))
			return false;
	}
	aging->scale = scale;
	return **cursor == '\0';
}

PG_FUNCTION_INFO_V1(aging_in);
Datum
aging_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	struct Node *escontext = cc_escontext(fcinfo);
	const char *cursor = input;
	int32		bounds[AGING_MAX_BOUNDS];
	int			nbounds;
	Aging	   *aging;

	if (!aging_bounds_parse(&cursor, bounds, &nbounds,
							input, "credit.aging", escontext) ||
		!aging_bounds_check(bounds, nbounds, escontext))
		return (Datum) 0;
	aging = aging_new(bounds, nbounds);
	if (!parse_sums(&cursor, aging))
		cc_ereturn(escontext, (Datum) 0,
				   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid input syntax for type %s: \"%s\"",
						   "credit.aging", input),
					errdetail("The error is at character %d.",
							  (int) (cursor - input) + 1)));
	PG_RETURN_POINTER(aging);
}

PG_FUNCTION_INFO_V1(aging_out);
Datum
aging_out(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	const AgingSum *sums = aging_sums(aging);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "%s;undated=" INT64_FORMAT,
					 aging_bounds_out(aging->bounds, aging->nbounds),
					 aging->undated);
	for (int i = 0; i < aging_nsums(aging); i++)
		appendStringInfo(&buf, "%s%s/" INT64_FORMAT "/%s",
						 i < aging_nbuckets(aging) ? ";" : ";past_due=",
						 money_out(sums[i].amount, aging->scale),
						 sums[i].items,
						 money_out(sums[i].amount_days, aging->scale));
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
	const AgingSum *sums = aging_sums(aging);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, aging->version);
	pq_sendint8(&buf, aging->flags);
	pq_sendint8(&buf, aging->scale);
	pq_sendint8(&buf, aging->nbounds);
	for (int i = 0; i < aging->nbounds; i++)
		pq_sendint32(&buf, aging->bounds[i]);
	pq_sendint64(&buf, aging->undated);
	for (int i = 0; i < aging_nsums(aging); i++)
	{
		send_int128(&buf, sums[i].amount);
		pq_sendint64(&buf, sums[i].items);
		send_int128(&buf, sums[i].amount_days);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(aging_recv);
Datum
aging_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(buf);
	int			flags = pq_getmsgbyte(buf);
	int			scale = pq_getmsgbyte(buf);
	int			nbounds = pq_getmsgbyte(buf);
	int32		bounds[AGING_MAX_BOUNDS];
	Aging	   *aging;
	AgingSum   *sums;

	if (version != AGING_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d in external \"%s\" value",
						version, "credit.aging")));
	if (scale > MONEY_MAX_SCALE || nbounds > AGING_MAX_BOUNDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid external \"%s\" value", "credit.aging"),
				 errdetail("It has scale %d and number of bounds %d.", scale, nbounds)));

	for (int i = 0; i < nbounds; i++)
		bounds[i] = pq_getmsgint(buf, sizeof(int32));
	aging_bounds_check(bounds, nbounds, NULL);
	aging = aging_new(bounds, nbounds);
	/* The one known flag follows from the bounds, so the others must be zero. */
	if (flags != aging->flags)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid flags in external \"%s\" value", "credit.aging")));

	aging->scale = scale;
	aging->undated = pq_getmsgint64(buf);
	sums = aging_sums(aging);
	for (int i = 0; i < aging_nsums(aging); i++)
	{
		sums[i].amount = receive_int128(buf);
		sums[i].items = pq_getmsgint64(buf);
		sums[i].amount_days = receive_int128(buf);
	}
	PG_RETURN_POINTER(aging);
}
