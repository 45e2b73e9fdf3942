/*
 * terms_io.c
 *		The SQL type credit.payment_terms: input, output, order.
 */
#include "cc_compat.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "terms_text.h"

static PaymentTerms *
copy_terms(const PaymentTerms *terms)
{
	PaymentTerms *copy = palloc(VARSIZE(terms));

	memcpy(copy, terms, VARSIZE(terms));
	return copy;
}

/* Character 8, "foo": This is not understood here. */
static char *
pointing_detail(const char *input, const TermsFault *fault)
{
	int			length = pg_mbcliplen(input + fault->start, fault->length, 40);

	if (fault->length == 0)
		return pstrdup(fault->why);
	return psprintf("Character %d, \"%.*s\": %s",
					pg_mbstrlen_with_len(input, fault->start) + 1,
					length, input + fault->start, fault->why);
}

PG_FUNCTION_INFO_V1(terms_in);
Datum
terms_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	struct Node *escontext = cc_escontext(fcinfo);
	PaymentTermsBuffer buffer;
	TermsFault	fault;

	if (terms_parse(input, &buffer.terms, &fault))
		PG_RETURN_POINTER(copy_terms(&buffer.terms));

	if (fault.syntax)
		cc_ereturn(escontext, (Datum) 0,
				   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid input syntax for type %s: \"%s\"",
						   "credit.payment_terms", input),
					errdetail_internal("%s", pointing_detail(input, &fault)),
					fault.hint ? errhint("%s", fault.hint) : 0));
	cc_ereturn(escontext, (Datum) 0,
			   (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid payment terms: \"%s\"", input),
				errdetail_internal("%s", fault.why),
				fault.hint ? errhint("%s", fault.hint) : 0));
}

PG_FUNCTION_INFO_V1(terms_out);
Datum
terms_out(PG_FUNCTION_ARGS)
{
	char		text[TERMS_MAX_TEXT];

	terms_print(PG_GETARG_PAYMENT_TERMS_P(0), text);
	PG_RETURN_CSTRING(pstrdup(text));
}

/*
 * The wire form, all in network order: version, discounts, start, cut-off and
 * grace, a byte each; the start's argument, two bytes; then the clauses, their
 * number following from the length: share, two times two bytes; days, two;
 * months and anchor, a byte each.
 */
#define WIRE_HEADER_SIZE 7
#define WIRE_CLAUSE_SIZE 8

PG_FUNCTION_INFO_V1(terms_send);
Datum
terms_send(PG_FUNCTION_ARGS)
{
	const PaymentTerms *terms = PG_GETARG_PAYMENT_TERMS_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, terms->version);
	pq_sendint8(&buf, terms->ndiscounts);
	pq_sendint8(&buf, terms->start);
	pq_sendint8(&buf, terms->cutoff);
	pq_sendint8(&buf, terms->grace);
	pq_sendint16(&buf, terms->start_arg);
	for (int i = 0; i < terms_nclauses(terms); i++)
	{
		const TermsClause *clause = &terms->clauses[i];

		pq_sendint16(&buf, clause->num);
		pq_sendint16(&buf, clause->den);
		pq_sendint16(&buf, (uint16) clause->days);
		pq_sendint8(&buf, clause->months);
		pq_sendint8(&buf, clause->anchor);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* A field that has fewer bits than its bytes on the wire. */
static uint32
receive_bits(StringInfo buf, int bytes, int bits)
{
	uint32		value = pq_getmsgint(buf, bytes);

	if (value >> bits != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid value in external \"%s\" value", "credit.payment_terms")));
	return value;
}

PG_FUNCTION_INFO_V1(terms_recv);
Datum
terms_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			length = buf->len - buf->cursor;
	int			nclauses = (length - WIRE_HEADER_SIZE) / WIRE_CLAUSE_SIZE;
	int			version = pq_getmsgbyte(buf);
	PaymentTermsBuffer buffer;
	PaymentTerms *terms = &buffer.terms;
	TermsFault	fault;

	if (version > TERMS_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" value of version %d cannot be read", "credit.payment_terms", version),
				 errdetail("This release reads version %d.", TERMS_VERSION)));
	if (length < WIRE_HEADER_SIZE + WIRE_CLAUSE_SIZE ||
		(length - WIRE_HEADER_SIZE) % WIRE_CLAUSE_SIZE != 0 ||
		nclauses > TERMS_MAX_CLAUSES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid length in external \"%s\" value", "credit.payment_terms")));

	memset(&buffer, 0, sizeof(buffer));
	SET_VARSIZE(terms, TERMS_SIZE(nclauses));
	terms->version = version;
	terms->ndiscounts = receive_bits(buf, 1, 4);
	terms->start = receive_bits(buf, 1, 3);
	terms->cutoff = receive_bits(buf, 1, 5);
	terms->grace = receive_bits(buf, 1, 7);
	terms->start_arg = receive_bits(buf, 2, 9);
	for (int i = 0; i < nclauses; i++)
	{
		TermsClause *clause = &terms->clauses[i];

		clause->num = pq_getmsgint(buf, 2);
		clause->den = pq_getmsgint(buf, 2);
		clause->days = (int16) pq_getmsgint(buf, 2);
		clause->months = pq_getmsgbyte(buf);
		clause->anchor = pq_getmsgbyte(buf);
	}
	if (!terms_check(terms, &fault))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid value in external \"%s\" value", "credit.payment_terms"),
				 errdetail_internal("%s", fault.why)));
	PG_RETURN_POINTER(copy_terms(terms));
}

#define COMPARE(a, b) do { if ((a) != (b)) return (a) < (b) ? -1 : 1; } while (0)

static int
compare_clauses(const TermsClause *a, const TermsClause *b)
{
	COMPARE(a->anchor, b->anchor);
	COMPARE(a->months, b->months);
	COMPARE(a->days, b->days);
	return (int) a->num * b->den < (int) b->num * a->den ? -1 :
		(int) a->num * b->den > (int) b->num * a->den;
}

/*
 * Any total order will do; this one puts together what counts from the same
 * start, and has net 30 before net 60, whatever their discounts.
 */
static int
compare_terms(FunctionCallInfo fcinfo)
{
	const PaymentTerms *a = PG_GETARG_PAYMENT_TERMS_P(0);
	const PaymentTerms *b = PG_GETARG_PAYMENT_TERMS_P(1);

	COMPARE(a->start, b->start);
	COMPARE(a->start_arg, b->start_arg);
	COMPARE(terms_ndues(a), terms_ndues(b));
	for (int i = 0; i < terms_ndues(a); i++)
	{
		int			order = compare_clauses(&terms_dues(a)[i], &terms_dues(b)[i]);

		if (order != 0)
			return order;
	}
	COMPARE(a->ndiscounts, b->ndiscounts);
	for (int i = 0; i < (int) a->ndiscounts; i++)
	{
		int			order = compare_clauses(&a->clauses[i], &b->clauses[i]);

		if (order != 0)
			return order;
	}
	COMPARE(a->cutoff, b->cutoff);
	COMPARE(a->grace, b->grace);
	return 0;
}

PG_FUNCTION_INFO_V1(terms_cmp);
Datum
terms_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_terms(fcinfo));
}

PG_FUNCTION_INFO_V1(terms_eq);
Datum
terms_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_terms(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(terms_ne);
Datum
terms_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_terms(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(terms_lt);
Datum
terms_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_terms(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(terms_le);
Datum
terms_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_terms(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(terms_ge);
Datum
terms_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_terms(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(terms_gt);
Datum
terms_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_terms(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(terms_hash);
Datum
terms_hash(PG_FUNCTION_ARGS)
{
	const PaymentTerms *terms = PG_GETARG_PAYMENT_TERMS_P(0);

	return hash_any((const unsigned char *) VARDATA(terms), VARSIZE(terms) - VARHDRSZ);
}
