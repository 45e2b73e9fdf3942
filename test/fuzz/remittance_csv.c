/*
 * remittance_csv.c
 *		Fuzz target: remittance advice as CSV.
 *
 * sources: slice.c remittance_csv.c
 *
 * The first byte chooses delimiter and decimal mark.  Whatever the file, every
 * slice lies in it, a field without its quotes is no longer than with them, records
 * have a document and an amount, and a refusal has a line of the file.
 */
#include "cc_compat.h"

#include "remittance_csv.h"

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
	static const char delimiters[] = {0, ',', ';', '\t', '|'};
	char	   *text;
	char	   *plain;
	int			nlines = 1;
	int			line = 0;
	CsvReader	reader;
	CsvRow		row;

	if (size == 0)
		return 0;
	size--;
	text = malloc(size + 1);
	plain = malloc(size + 1);
	must(text != NULL && plain != NULL);
	memcpy(text, data + 1, size);
	for (size_t i = 0; i < size; i++)
		nlines += (text[i] == '\n');

	csv_start(&reader, text, size, delimiters[(data[0] >> 1) % 5], data[0] & 1 ? ',' : '.');
	while (csv_next(&reader, &row))
	{
		inside(row.reference, text, size);
		inside(row.reason, text, size);
		inside(row.currency, text, size);
		must(!slice_is_empty(row.reference) && row.paid.given);
		must(csv_text(row.reference, plain) <= slice_len(row.reference));
		must(csv_text(row.reason, plain) <= slice_len(row.reason));
		must(row.line > line && row.line <= nlines);
		line = row.line;
	}
	must(reader.fault.problem != NULL || line > 0);
	if (reader.fault.problem != NULL)
	{
		must(reader.fault.place >= 1 && reader.fault.place <= nlines + 1);
		inside(reader.fault.found, text, size);
		inside(reader.fault.name, text, size);
	}
	free(plain);
	free(text);
	return 0;
}
