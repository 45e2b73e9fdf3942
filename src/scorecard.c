/*
 * scorecard.c
 *		The SQL type credit.scorecard: its input and output, and comparing.
 */
#include "cc_compat.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "scorecard_text.h"

/* Bytes of the offending text that an error shows at most. */
#define SHOWN	40

Scorecard *
scorecard_from_datum(Datum value)
{
	Scorecard  *card = (Scorecard *) PG_DETOAST_DATUM(value);

	if (unlikely(card->version != SCORECARD_VERSION))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("unsupported version %d of \"%s\" value",
						card->version, "credit.scorecard"),
				 errhint("It was written by a newer release of credit_control.")));
	return card;
}

/* The word at a byte of the text: up to a space or the end of the bin. */
static char *
word_at(const char *text, size_t at)
{
	int			length = 0;

	while (text[at + length] != '\0' && (length == 0 || strchr(" \t\r\n,;", text[at + length]) == NULL))
		length++;
	return pnstrdup(text + at, pg_mbcliplen(text + at, length, SHOWN));
}

static bool
report_fault(const ScorecardFault *fault, const char *input, struct Node *escontext)
{
	int			character = pg_mbstrlen_with_len(input, fault->at) + 1;

	cc_ereturn(escontext, false,
			   (errcode(fault->sqlstate),
				errmsg_internal("%s", fault->message),
				input[fault->at] == '\0' ?
				errdetail("The error is at the end, character %d.", character) :
				errdetail("The error is at character %d: \"%s\".", character,
						  word_at(input, fault->at)),
				fault->hint[0] != '\0' ? errhint("%s", fault->hint) : 0));
}

Scorecard *
scorecard_try(const char *input, ScorecardFault *fault)
{
	/* The parser takes quotes off in place, and the error shows the text as it was. */
	char	   *text = pstrdup(input);
	char	   *memory = palloc(scorecard_draft_init(NULL, input, NULL));
	ScorecardDraft draft;
	Scorecard  *card = NULL;

	scorecard_draft_init(&draft, input, memory);
	if (scorecard_parse(text, &draft, fault))
	{
		card = palloc0(scorecard_size(&draft));
		scorecard_fill(&draft, card);
	}
	pfree(memory);
	pfree(text);
	return card;
}

/* NULL if a fault was reported to escontext. */
static Scorecard *
read_card(const char *input, struct Node *escontext)
{
	ScorecardFault fault;
	Scorecard  *card = scorecard_try(input, &fault);

	if (card == NULL)
		report_fault(&fault, input, escontext);
	return card;
}

static char *
card_text(const Scorecard *card)
{
	char	   *text = palloc(scorecard_write(card, NULL) + 1);

	scorecard_write(card, text);
	return text;
}

PG_FUNCTION_INFO_V1(scorecard_in);
Datum
scorecard_in(PG_FUNCTION_ARGS)
{
	Scorecard  *card = read_card(PG_GETARG_CSTRING(0), cc_escontext(fcinfo));

	if (card == NULL)
		return (Datum) 0;
	PG_RETURN_POINTER(card);
}

PG_FUNCTION_INFO_V1(scorecard_out);
Datum
scorecard_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(card_text(scorecard_from_datum(PG_GETARG_DATUM(0))));
}

/* The wire form is a version and the text, so it is checked like text. */
PG_FUNCTION_INFO_V1(scorecard_recv);
Datum
scorecard_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(buf);
	char	   *text;
	int			length;

	if (version != SCORECARD_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d in external \"%s\" value",
						version, "credit.scorecard")));
	text = pq_getmsgtext(buf, buf->len - buf->cursor, &length);
	PG_RETURN_POINTER(read_card(text, NULL));
}

PG_FUNCTION_INFO_V1(scorecard_send);
Datum
scorecard_send(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));
	char	   *text = card_text(card);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbyte(&buf, card->version);
	pq_sendtext(&buf, text, strlen(text));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

static bool
same_card(FunctionCallInfo fcinfo)
{
	Scorecard  *a = scorecard_from_datum(PG_GETARG_DATUM(0));
	Scorecard  *b = scorecard_from_datum(PG_GETARG_DATUM(1));

	return VARSIZE(a) == VARSIZE(b) &&
		memcmp(VARDATA(a), VARDATA(b), VARSIZE(a) - VARHDRSZ) == 0;
}

PG_FUNCTION_INFO_V1(scorecard_eq);
Datum
scorecard_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_card(fcinfo));
}

PG_FUNCTION_INFO_V1(scorecard_ne);
Datum
scorecard_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_card(fcinfo));
}

PG_FUNCTION_INFO_V1(scorecard_hash);
Datum
scorecard_hash(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));

	return hash_any((unsigned char *) VARDATA(card), VARSIZE(card) - VARHDRSZ);
}
