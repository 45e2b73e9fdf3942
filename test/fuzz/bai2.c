/*
 * bai2.c
 *		Fuzz target: BAI2 files.
 *
 * sources: slice.c bai2.c
 *
 * Whatever the file, every slice lies in it, availability adds up to the amount, a
 * text is no longer than its slice, and a refusal has a line of the file.
 */
#include "cc_compat.h"

#include "bai2.h"

#include <stdlib.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static void
inside(Slice slice, const char *text, size_t size)
{
	if (!slice_is_empty(slice))
		must(slice.start >= text && slice.end <= text + size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	char	   *joined = malloc(size + 1);
	int			nlines = 1;
	int			line = 0;
	Bai2Reader	reader;
	Bai2Row		row;

	must(text != NULL && joined != NULL);
	memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		nlines += (text[i] == '\n');

	bai2_start(&reader, text, size);
	while (bai2_next(&reader, &row))
	{
		inside(row.type_code, text, size);
		inside(row.bank_reference, text, size);
		inside(row.customer_reference, text, size);
		inside(row.text, text, size);
		inside(reader.account_no, text, size);
		must(slice_len(row.type_code) == 3);
		must(row.line >= line && row.line <= nlines);
		line = row.line;
		must(bai2_text(row.text, joined) <= slice_len(row.text));
		if (row.has_availability)
			must(row.immediate + row.one_day + row.two_day == row.amount.units);
		must(row.ndistributions >= 0 && row.ndistributions <= BAI2_MAX_DISTRIBUTIONS);
	}
	if (reader.fault.problem != NULL)
	{
		must(reader.fault.place >= 1 && reader.fault.place <= nlines);
		inside(reader.fault.found, text, size);
	}
	else
		must(reader.state == BAI2_OUTSIDE && reader.line > 0);
	free(joined);
	free(text);
	return 0;
}
