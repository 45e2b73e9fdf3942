/*
 * x12.c
 *		Fuzz target: X12 820 interchanges.
 *
 * sources: slice.c x12.c
 *
 * Whatever the file, every slice lies in it, the parts of a payment that has lines
 * add up to it, and a refusal has a segment of the file.
 */
#include "cc_compat.h"

#include "x12.h"

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
	const char *set = NULL;		/* where the payment's control number stands */
	int128		parts = 0;
	int128		payment = 0;
	X12Reader	reader;
	X12Row		row;
	bool		more;

	must(text != NULL);
	memcpy(text, data, size);
	x12_start(&reader, text, size);
	do
	{
		more = x12_next(&reader, &row);
		if (!more || row.line_no == 1)
		{
			must(set == NULL || parts == payment);
			parts = 0;
			set = reader.payment.set_control.start;
			payment = amount_units(&reader.payment.amount);
		}
		if (more)
		{
			Slice		details = row.details;
			Slice		qualifier;
			Slice		reference;

			inside(row.reference, text, size);
			inside(row.adjustment_reference, text, size);
			inside(reader.payment.payer_name, text, size);
			must(row.place >= 1 && row.place <= (int) size);
			if (row.kind == X12_REMITTANCE)
				parts += amount_units(&row.paid);
			else if (row.kind == X12_FREE_ADJUSTMENT)
				parts += amount_units(&row.adjustment);
			else if (row.kind == X12_PAYMENT)
				set = NULL;		/* has no lines to add up */
			while (x12_next_reference(&reader, &details, &qualifier, &reference))
			{
				inside(qualifier, text, size);
				inside(reference, text, size);
			}
		}
	} while (more);
	if (reader.fault.problem != NULL)
	{
		must(reader.fault.place >= 1 && reader.fault.place <= (int) size + 1);
		inside(reader.fault.found, text, size);
		inside(reader.fault.name, text, size);
	}
	else
		must(reader.state == X12_OUTSIDE && reader.place > 0);
	free(text);
	return 0;
}
