/*
 * reference_keys.c
 *		Keys of document numbers and of remittance texts, for an index and a join.
 */
#include "cc_compat.h"

#include "reference_key.h"
#include "reference_keys.h"
#include "reference_scan.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

bool
reference_utf8(void)
{
	return GetDatabaseEncoding() == PG_UTF8;
}

ReferenceRun *
reference_runs_of(const text *remittance, int *nruns)
{
	const char *data = VARDATA_ANY(remittance);
	int			length = VARSIZE_ANY_EXHDR(remittance);
	int			n = reference_runs(data, length, reference_utf8(), NULL, 0);
	ReferenceRun *runs = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(Max(n, 1), sizeof(ReferenceRun)));

	*nruns = reference_runs(data, length, reference_utf8(), runs, n);
	return runs;
}

PG_FUNCTION_INFO_V1(cc_reference_key);
Datum
cc_reference_key(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	int			length = VARSIZE_ANY_EXHDR(number);
	char	   *stripped = palloc(length + 1);
	char	   *key = palloc(length + 1);

	length = reference_strip(VARDATA_ANY(number), length, reference_utf8(), true, stripped);
	length = reference_normal(stripped, length, REFERENCE_APART, key);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(key, length));
}

/* Keys in the order in which they came, each once. */
typedef struct KeySet
{
	Datum	   *keys;
	int		   *next;			/* of the same bucket, -1 if none */
	int			nkeys;
	int			room;
	int		   *heads;
	int			nheads;			/* a power of two */
} KeySet;

static void
rehash(KeySet *set)
{
	set->nheads *= 2;
	set->heads = repalloc_huge(set->heads, mul_size(set->nheads, sizeof(int)));
	memset(set->heads, -1, sizeof(int) * set->nheads);
	for (int i = 0; i < set->nkeys; i++)
	{
		text	   *key = DatumGetTextPP(set->keys[i]);
		int		   *head = &set->heads[hash_bytes((unsigned char *) VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)) & (set->nheads - 1)];

		set->next[i] = *head;
		*head = i;
	}
}

static void
add_key(KeySet *set, const char *key, int length)
{
	int		   *head = &set->heads[hash_bytes((const unsigned char *) key, length) & (set->nheads - 1)];

	for (int at = *head; at >= 0; at = set->next[at])
	{
		text	   *other = DatumGetTextPP(set->keys[at]);

		if ((int) VARSIZE_ANY_EXHDR(other) == length && memcmp(VARDATA_ANY(other), key, length) == 0)
			return;
	}
	if (set->nkeys == set->room)
	{
		set->room *= 2;
		set->keys = repalloc_huge(set->keys, mul_size(set->room, sizeof(Datum)));
		set->next = repalloc_huge(set->next, mul_size(set->room, sizeof(int)));
	}
	set->keys[set->nkeys] = PointerGetDatum(cstring_to_text_with_len(key, length));
	set->next[set->nkeys] = *head;
	*head = set->nkeys++;
	if (set->nkeys > set->nheads)
		rehash(set);
}

/* The year with which a number begins that was joined to it: 2026 in INV202600123; NULL if there is none. */
static const char *
joined_year(const char *stripped, int length)
{
	for (int i = 0; i + 4 < length; i++)
		if ((i == 0 || !(stripped[i - 1] >= '0' && stripped[i - 1] <= '9')) &&
			(memcmp(stripped + i, "20", 2) == 0 || memcmp(stripped + i, "19", 2) == 0) &&
			stripped[i + 2] >= '0' && stripped[i + 2] <= '9' &&
			stripped[i + 3] >= '0' && stripped[i + 3] <= '9' && stripped[i + 4] == '0')
			return stripped + i;
	return NULL;
}

static void
visit_key(void *arg, const ReferenceCandidate *candidate)
{
	char		key[REFERENCE_MAX_LENGTH + 1];
	const char *year;
	int			length;

	CHECK_FOR_INTERRUPTS();
	if (candidate->ndigits == 0 && candidate->min_digits > 0)
		return;
	length = reference_normal(candidate->stripped, candidate->length, REFERENCE_APART, key);
	if (!reference_key_allowed(candidate, key, length))
		return;
	add_key(arg, key, length);

	/* Who leaves out the separators joins numbers whose zeros the key of the document has dropped. */
	year = joined_year(candidate->stripped, candidate->length);
	if (year)
	{
		char		parted[REFERENCE_MAX_LENGTH + 1];
		int			before = year + 4 - candidate->stripped;

		memcpy(parted, candidate->stripped, before);
		parted[before] = REFERENCE_MARK;
		memcpy(parted + before + 1, candidate->stripped + before, candidate->length - before);
		length = reference_normal(parted, candidate->length + 1, REFERENCE_APART, key);
		add_key(arg, key, length);
	}
}

PG_FUNCTION_INFO_V1(cc_reference_keys);
Datum
cc_reference_keys(PG_FUNCTION_ARGS)
{
	text	   *remittance = PG_GETARG_TEXT_PP(0);
	int			nruns;
	ReferenceRun *runs = reference_runs_of(remittance, &nruns);
	KeySet		set = {.room = 32, .nheads = 64};

	set.keys = palloc(set.room * sizeof(Datum));
	set.next = palloc(set.room * sizeof(int));
	set.heads = palloc(set.nheads * sizeof(int));
	memset(set.heads, -1, set.nheads * sizeof(int));
	reference_scan(VARDATA_ANY(remittance), reference_utf8(), runs, nruns, visit_key, &set);
	PG_RETURN_ARRAYTYPE_P(construct_array(set.keys, set.nkeys, TEXTOID, -1, false, TYPALIGN_INT));
}
