/*
 * terms.c
 *		Fuzz target: payment terms, as text and as a value from outside.
 *
 * sources: terms_scan.c terms_day.c terms_item.c terms_parse.c terms_form.c
 *
 * Whatever text is accepted makes a valid value; whatever value is valid has a
 * text that reads back to the same bytes.
 */
#include "cc_compat.h"

#include "terms_text.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool held, const char *law, const char *text)
{
	if (held)
		return;
	fprintf(stderr, "broken: %s: \"%s\"\n", law, text);
	abort();
}

static void
reads_back(const PaymentTerms *terms)
{
	PaymentTermsBuffer again;
	TermsFault	fault;
	char		text[TERMS_MAX_TEXT];

	terms_print(terms, text);
	require(strlen(text) < TERMS_MAX_TEXT - 1, "the text fits", text);
	require(terms_parse(text, &again.terms, &fault), "the text is read", text);
	require(VARSIZE(terms) == VARSIZE(&again.terms) &&
			memcmp(terms, &again.terms, VARSIZE(terms)) == 0, "the text is read as the same value", text);
}

static void
as_text(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	PaymentTermsBuffer buffer;
	TermsFault	fault;

	memcpy(text, data, size);
	text[size] = '\0';
	if (terms_parse(text, &buffer.terms, &fault))
	{
		require(terms_check(&buffer.terms, &fault), "what is read is valid", text);
		reads_back(&buffer.terms);
	}
	else
	{
		require(fault.why[0] != '\0', "a refusal has a reason", text);
		require(fault.start >= 0 && fault.length >= 0 && (size_t) fault.start + fault.length <= strlen(text),
				"a refusal points into the text", text);
	}
	free(text);
}

/* The bytes behind the header, as they come. */
static void
as_value(const uint8_t *data, size_t size)
{
	PaymentTermsBuffer buffer;
	size_t		head = offsetof(PaymentTerms, clauses) - VARHDRSZ;
	size_t		nclauses = size < head ? 0 : (size - head) / sizeof(TermsClause);
	TermsFault	fault;

	if (nclauses == 0 || nclauses > TERMS_MAX_CLAUSES)
		return;
	memset(&buffer, 0, sizeof(buffer));
	memcpy(VARDATA(&buffer), data, head + nclauses * sizeof(TermsClause));
	SET_VARSIZE(&buffer, TERMS_SIZE(nclauses));
	if (terms_check(&buffer.terms, &fault))
		reads_back(&buffer.terms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_text(data, size);
	as_value(data, size);
	return 0;
}
