/*
 * reference_scan.c
 *		Fuzz target: the scanner for document numbers in a remittance text.
 *
 * Runs are in order, apart, inside the text and of one kind; candidates lie
 * inside the text, fit their buffer, and are no more than the length of the
 * text allows; a key is its own key.
 */
#include "cc_compat.h"

static void
must(bool condition)
{
	if (!condition)
		abort();
}

#include "../../src/mod_97.c"
#include "../../src/reference_key.c"
#include "../../src/reference_guard.c"
#include "../../src/reference_scan.c"

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

typedef struct Visits
{
	int			size;			/* of the text */
	int64		n;
} Visits;

static void
visit(void *arg, const ReferenceCandidate *candidate)
{
	Visits	   *visits = arg;
	char		key[REFERENCE_MAX_LENGTH];
	char		again[REFERENCE_MAX_LENGTH];

	visits->n++;
	must(candidate->start >= 0 && candidate->start < candidate->end && candidate->end <= visits->size);
	must(candidate->length > 0 && candidate->length <= REFERENCE_MAX_LENGTH);
	must(candidate->ndigits >= 0 && candidate->ndigits <= candidate->length);
	for (ReferenceForm form = REFERENCE_JOINED; form <= REFERENCE_TWINS; form++)
	{
		int			length = reference_normal(candidate->stripped, candidate->length, form, key);

		must(length > 0 && length <= candidate->length);
		must(reference_normal(key, length, form, again) == length);
		must(memcmp(key, again, length) == 0);
		(void) reference_key_allowed(candidate, key, length);
	}
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	/* A copy of its very size, so that a byte too far is seen; the first byte chooses the encoding. */
	int			length = size > 0 ? size - 1 : 0;
	bool		utf8 = size > 0 && data[0] % 2;
	char	   *text = malloc(Max(length, 1));
	ReferenceRun *runs;
	int			nruns;
	Visits		visits = {.size = length};

	memcpy(text, data + 1, length);
	nruns = reference_runs(text, length, utf8, NULL, 0);
	runs = malloc(Max(nruns, 1) * sizeof(ReferenceRun));
	must(reference_runs(text, length, utf8, runs, nruns) == nruns);
	for (int i = 0; i < nruns; i++)
	{
		must(runs[i].start < runs[i].end && runs[i].end <= length);
		must(i == 0 || runs[i].start >= runs[i - 1].end);
		must(i == 0 || ((runs[i].gap & GAP_NONE) != 0) == (runs[i].start == runs[i - 1].end));
		must(i == 0 || !(runs[i].gap & GAP_NONE) || runs[i].digits != runs[i - 1].digits);
	}
	reference_scan(text, utf8, runs, nruns, visit, &visits);

	/* Twelve by words, two each by abbreviation and as a creditor reference, two in each list. */
	must(visits.n <= (int64) nruns * (MAX_RUNS + 4 + 2 * MAX_CONTEXTS) + MAX_RANGE_NUMBERS);
	free(runs);
	free(text);
	return 0;
}
