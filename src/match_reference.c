/*
 * match_reference.c
 *		Which of the given document numbers a free text names, and where.
 *
 * The scanner proposes spans of the text; a span that reads as one of the
 * numbers is a claim.  Of claims that overlap, those that explain most of the
 * text are kept.  What is left of the text is then compared with what is left
 * of the numbers for similar ones.
 */
#include "cc_compat.h"

#include "edit_distance.h"
#include "money.h"
#include "reference_key.h"
#include "reference_keys.h"
#include "reference_scan.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Shorter numbers have too many others within an edit or two. */
#define FUZZY_MIN_LENGTH 5

/* Pairs of a span and a number compared for similarity in one call: about a tenth of a second. */
#define FUZZY_MAX_PAIRS 5000000

/* Of a number that a text repeats without end, so many places are looked at. */
#define MAX_PLACES 64

/* How sure a claim is, the surest first. */
typedef enum ClaimKind
{
	CLAIM_EXACT,				/* as written; told from normalised only in the result */
	CLAIM_NORMALISED,			/* but for case, separators and leading zeros */
	CLAIM_RANGE,				/* meant by a list or a range */
	CLAIM_OCR,					/* with letters read as digits or the other way round */
	CLAIM_FUZZY					/* similar */
} ClaimKind;

static const char *const kind_names[] = {
	[CLAIM_EXACT] = "exact",
	[CLAIM_NORMALISED] = "normalised",
	[CLAIM_RANGE] = "range",
	[CLAIM_OCR] = "ocr",
	[CLAIM_FUZZY] = "fuzzy",
};

/* What a character is worth that a claim of a kind explains. */
static const int kind_weights[] = {
	[CLAIM_NORMALISED] = 8,
	[CLAIM_RANGE] = 7,
	[CLAIM_OCR] = 6,
	[CLAIM_FUZZY] = 5,
};

/* The numbers that share a key. */
typedef struct Entry
{
	char	   *key;			/* REFERENCE_JOINED */
	int			length;
	char	   *apart;			/* REFERENCE_APART */
	int			apart_length;
	char	   *twins;			/* REFERENCE_TWINS */
	int			twins_length;
	int			first;			/* index of the first number; chained by References.same_key */
	int			next;			/* entry of the same bucket of by_key, -1 if none */
	int			next_apart;		/* and of by_apart */
	int			next_twins;		/* and of by_twins */
	uint64		symbols;		/* which letters and digits the key has */
	bool		comparable;		/* may be compared for similarity */
	bool		found;
	int			places;			/* of the text where it has been found */
} Entry;

typedef struct References
{
	text	  **numbers;
	int			n;
	int		   *same_key;		/* the next number with the same key, -1 if none */
	Entry	   *entries;
	int			nentries;
	int		   *by_key;			/* heads of buckets */
	int		   *by_apart;
	int		   *by_twins;
	uint32		mask;
} References;

typedef struct Claim
{
	int			start;			/* bytes of the text */
	int			end;
	int			entry;
	int			slot;
	ClaimKind	kind;
	int			similarity;		/* in units of 1/10000 */
	int			length;			/* characters it explains */
} Claim;

typedef struct Match
{
	const text *remittance;
	References	references;
	int			min_similarity;
	Claim	   *claims;
	int			nclaims;
	int			room;
	int			kept;			/* claims of the first round that were kept come first */
	int64		pairs_left;
} Match;

static void *
alloc_array(int64 n, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, mul_size(Max(n, 1), size));
}

static int *
make_buckets(uint32 mask)
{
	int		   *heads = alloc_array((int64) mask + 1, sizeof(int));

	memset(heads, -1, ((Size) mask + 1) * sizeof(int));
	return heads;
}

static int *
bucket(int *heads, uint32 mask, const char *key, int length)
{
	return &heads[hash_bytes((const unsigned char *) key, length) & mask];
}

static uint64
symbols_of(const char *key, int length)
{
	uint64		symbols = 0;

	for (int i = 0; i < length; i++)
		symbols |= UINT64CONST(1) << (key[i] & 0x3F);
	return symbols;
}

/* The entry with that key, -1 if there is none. */
static int
find_entry(const References *references, const char *key, int length)
{
	int			at = *bucket(references->by_key, references->mask, key, length);

	while (at >= 0 && (references->entries[at].length != length ||
					   memcmp(references->entries[at].key, key, length) != 0))
		at = references->entries[at].next;
	return at;
}

static void
add_reference(References *references, int no)
{
	text	   *number = references->numbers[no];
	int			bytes = VARSIZE_ANY_EXHDR(number);
	char	   *stripped = palloc(bytes + 1);
	char	   *key = palloc(bytes + 1);
	int			length;
	int			at;
	EditPattern pattern;
	Entry	   *entry;
	int		   *head;

	bytes = reference_strip(VARDATA_ANY(number), bytes, reference_utf8(), true, stripped);
	length = reference_normal(stripped, bytes, REFERENCE_JOINED, key);
	if (length == 0)
		return;
	at = find_entry(references, key, length);
	if (at >= 0)
	{
		references->same_key[no] = references->entries[at].first;
		references->entries[at].first = no;
		pfree(stripped);
		pfree(key);
		return;
	}

	at = references->nentries++;
	entry = &references->entries[at];
	*entry = (Entry) {.key = key, .length = length, .first = no};
	entry->apart = palloc(bytes + 1);
	entry->apart_length = reference_normal(stripped, bytes, REFERENCE_APART, entry->apart);
	entry->twins = palloc(bytes + 1);
	entry->twins_length = reference_normal(stripped, bytes, REFERENCE_TWINS, entry->twins);
	entry->symbols = symbols_of(key, length);
	entry->comparable = length >= FUZZY_MIN_LENGTH && edit_pattern(key, length, &pattern);

	head = bucket(references->by_key, references->mask, key, length);
	entry->next = *head;
	*head = at;
	head = bucket(references->by_apart, references->mask, entry->apart, entry->apart_length);
	entry->next_apart = *head;
	*head = at;
	head = bucket(references->by_twins, references->mask, entry->twins, entry->twins_length);
	entry->next_twins = *head;
	*head = at;
	pfree(stripped);
}

static void
read_references(ArrayType *array, References *references)
{
	Datum	   *elements;
	bool	   *nulls;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("document_numbers must be a one-dimensional array")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &references->n);

	references->numbers = alloc_array(references->n, sizeof(text *));
	references->same_key = alloc_array(references->n, sizeof(int));
	references->entries = alloc_array(references->n, sizeof(Entry));
	references->mask = ((uint32) 1 << pg_ceil_log2_32(Max(references->n, 2))) - 1;
	references->by_key = make_buckets(references->mask);
	references->by_apart = make_buckets(references->mask);
	references->by_twins = make_buckets(references->mask);

	/* Backwards, so that the chains of equal keys run forwards. */
	for (int no = references->n - 1; no >= 0; no--)
	{
		CHECK_FOR_INTERRUPTS();
		references->same_key[no] = -1;
		if (nulls[no])
			continue;
		references->numbers[no] = DatumGetTextPP(elements[no]);
		add_reference(references, no);
	}
}

static void
add_claim(Match *match, const ReferenceCandidate *candidate, int entry, ClaimKind kind, int similarity)
{
	if (similarity < match->min_similarity)
		return;
	if (match->nclaims == match->room)
	{
		match->room *= 2;
		match->claims = repalloc_huge(match->claims, mul_size(match->room, sizeof(Claim)));
	}
	match->claims[match->nclaims++] = (Claim) {
		.start = candidate->start,
		.end = candidate->end,
		.entry = entry,
		.slot = candidate->slot,
		.kind = kind,
		.similarity = similarity,
		.length = candidate->length,
	};
}

/* Claims of the numbers that are this one but for zeros after a separator.  False if there is none. */
static bool
claim_apart(Match *match, const ReferenceCandidate *candidate)
{
	References *references = &match->references;
	char		key[REFERENCE_MAX_LENGTH];
	int			length = reference_normal(candidate->stripped, candidate->length, REFERENCE_APART, key);
	bool		found = false;

	for (int at = *bucket(references->by_apart, references->mask, key, length);
		 at >= 0 && match->pairs_left-- > 0; at = references->entries[at].next_apart)
	{
		const Entry *entry = &references->entries[at];

		if (entry->apart_length != length || memcmp(entry->apart, key, length) != 0)
			continue;
		add_claim(match, candidate, at, candidate->listed ? CLAIM_RANGE : CLAIM_NORMALISED, EDIT_SIMILARITY_ONE);
		found = true;
	}
	return found;
}

/* Claims of the numbers that this one may have been before it was misread. */
static void
claim_twins(Match *match, const ReferenceCandidate *candidate)
{
	References *references = &match->references;
	char		key[REFERENCE_MAX_LENGTH];
	int			length = reference_normal(candidate->stripped, candidate->length, REFERENCE_TWINS, key);
	char		as_read[REFERENCE_MAX_LENGTH];
	int			read_length;
	EditPattern pattern;

	if (!reference_key_allowed(candidate, key, length))
		return;
	read_length = reference_normal(candidate->stripped, candidate->length, REFERENCE_JOINED, as_read);
	if (!edit_pattern(as_read, read_length, &pattern))
		return;

	for (int at = *bucket(references->by_twins, references->mask, key, length);
		 at >= 0 && match->pairs_left-- > 0; at = references->entries[at].next_twins)
	{
		const Entry *entry = &references->entries[at];

		if (entry->twins_length != length || memcmp(entry->twins, key, length) != 0 || !entry->comparable)
			continue;
		/* To mistake a letter for its twin is half an edit. */
		add_claim(match, candidate, at, CLAIM_OCR,
				  edit_similarity(edit_pattern_distance(&pattern, entry->key, entry->length),
								  2 * Max(read_length, entry->length)));
	}
}

/* First round: spans that are a number but for the way it is written. */
static void
visit_same(void *arg, const ReferenceCandidate *candidate)
{
	Match	   *match = arg;
	char		key[REFERENCE_MAX_LENGTH];
	int			length = reference_normal(candidate->stripped, candidate->length, REFERENCE_JOINED, key);

	CHECK_FOR_INTERRUPTS();
	if ((candidate->ndigits > 0 || candidate->min_digits == 0) &&
		reference_key_allowed(candidate, key, length))
	{
		int			at = find_entry(&match->references, key, length);

		if (at >= 0)
		{
			add_claim(match, candidate, at, candidate->listed ? CLAIM_RANGE : CLAIM_NORMALISED,
					  EDIT_SIMILARITY_ONE);
			return;
		}
		if (claim_apart(match, candidate))
			return;
	}
	if (!candidate->listed)
		claim_twins(match, candidate);
}

/* Whether a claim that was kept overlaps; they are in order and apart. */
static bool
is_claimed(const Match *match, const ReferenceCandidate *candidate)
{
	int			low = 0;
	int			high = match->kept;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (match->claims[middle].end <= candidate->start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < match->kept && match->claims[low].start < candidate->end;
}

/* Second round: what is similar, where nothing has been found yet. */
static void
visit_similar(void *arg, const ReferenceCandidate *candidate)
{
	Match	   *match = arg;
	References *references = &match->references;
	char		key[REFERENCE_MAX_LENGTH];
	int			length;
	uint64		symbols;
	EditPattern pattern;
	int			best = match->min_similarity;
	int			first_claim = match->nclaims;

	CHECK_FOR_INTERRUPTS();
	if (candidate->listed || !candidate->whole)
		return;
	length = reference_normal(candidate->stripped, candidate->length, REFERENCE_JOINED, key);
	if (length < FUZZY_MIN_LENGTH || !edit_pattern(key, length, &pattern))
		return;

	if (is_claimed(match, candidate))
		return;

	/* All numbers or none, so that their order does not matter. */
	if (match->pairs_left < references->nentries)
		return;
	match->pairs_left -= references->nentries;

	symbols = symbols_of(key, length);
	for (int at = 0; at < references->nentries; at++)
	{
		const Entry *entry = &references->entries[at];
		int			longer = Max(length, entry->length);
		int			edits = Max(longer - Min(length, entry->length),
								(pg_popcount64(symbols ^ entry->symbols) + 1) / 2);
		int			similarity;

		/* An edit changes the length by one at most, and two symbols. */
		if (entry->found || !entry->comparable || edit_similarity(edits, longer) < best)
			continue;
		similarity = edit_similarity(edit_pattern_distance(&pattern, entry->key, entry->length), longer);
		if (similarity < best)
			continue;
		if (similarity > best)
		{
			best = similarity;
			match->nclaims = first_claim;
		}
		add_claim(match, candidate, at, CLAIM_FUZZY, similarity);
	}
}

/* By place; on one span the surest first, and what is said of each number once. */
static int
compare_claims(const void *left, const void *right, void *arg)
{
	const Claim *a = left;
	const Claim *b = right;
	const Entry *entries = arg;
	int			shorter;
	int			order;

	CHECK_FOR_INTERRUPTS();
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->similarity != b->similarity)
		return a->similarity > b->similarity ? -1 : 1;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;

	/* Not by number of the entry, which depends on the order of the references. */
	shorter = Min(entries[a->entry].length, entries[b->entry].length);
	order = memcmp(entries[a->entry].key, entries[b->entry].key, shorter);
	if (order != 0)
		return order;
	return entries[a->entry].length < entries[b->entry].length ? -1 :
		entries[a->entry].length > entries[b->entry].length;
}

/* The claims on one span, and the best choice of spans that ends with it or before. */
typedef struct Span
{
	int			start;
	int			end;
	int			first_claim;
	int			nclaims;
	int64		worth;			/* of the choice */
	int			before;			/* how many spans lie before this one */
	bool		taken;			/* it is part of the best choice among the spans up to it */
	bool		kept;			/* and of the best among all */
} Span;

/* How many of the first n spans end at or before a byte. */
static int
spans_before(const Span *spans, int n, int byte)
{
	int			low = 0;

	while (low < n)
	{
		int			middle = low + (n - low) / 2;

		if (spans[middle].end <= byte)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/*
 * Keep the claims, of those from `from` on, that are the surest on their span,
 * on spans that do not overlap and together explain most.  Marks their entries
 * as found.
 */
static void
keep_best_claims(Match *match, int from)
{
	Claim	   *claims = match->claims;
	int			n = match->nclaims;
	Span	   *spans = alloc_array(n - from, sizeof(Span));
	int			nspans = 0;

	qsort_arg(claims + from, n - from, sizeof(Claim), compare_claims, match->references.entries);
	for (int i = from; i < n; i++)
	{
		Span	   *span = nspans > 0 ? &spans[nspans - 1] : NULL;
		const Claim *best = span ? &claims[span->first_claim] : NULL;

		CHECK_FOR_INTERRUPTS();
		if (best && best->end == claims[i].end && best->start == claims[i].start)
		{
			const Claim *last = &claims[span->first_claim + span->nclaims - 1];

			if (claims[i].kind == best->kind && claims[i].similarity == best->similarity &&
				(claims[i].entry != last->entry || claims[i].slot != last->slot))
				claims[span->first_claim + span->nclaims++] = claims[i];
			continue;
		}
		spans[nspans++] = (Span) {
			.start = claims[i].start,
			.end = claims[i].end,
			.first_claim = i,
			.nclaims = 1,
		};
	}

	/* The best choice among the first spans, one span more at a time. */
	for (int i = 0; i < nspans; i++)
	{
		Span	   *span = &spans[i];
		const Claim *claim = &claims[span->first_claim];
		int64		worth = (int64) claim->length * kind_weights[claim->kind] * claim->similarity;
		int64		without = i > 0 ? spans[i - 1].worth : 0;

		CHECK_FOR_INTERRUPTS();
		/* A range is worth what its numbers are. */
		if (claim->kind == CLAIM_RANGE)
			worth *= claims[span->first_claim + span->nclaims - 1].slot == claim->slot ? 1 : span->nclaims;
		span->before = spans_before(spans, i, span->start);
		if (span->before > 0)
			worth += spans[span->before - 1].worth;
		span->taken = worth > without;
		span->worth = Max(worth, without);
	}
	for (int i = nspans - 1; i >= 0;)
	{
		spans[i].kept = spans[i].taken;
		i = spans[i].taken ? spans[i].before - 1 : i - 1;
	}

	match->nclaims = from;
	for (int i = 0; i < nspans; i++)
		for (int j = 0; spans[i].kept && j < spans[i].nclaims; j++)
		{
			Claim	   *claim = &claims[spans[i].first_claim + j];

			match->references.entries[claim->entry].found = true;
			if (match->references.entries[claim->entry].places++ < MAX_PLACES)
				claims[match->nclaims++] = *claim;
		}
	pfree(spans);
}

/* A number that is found, and where. */
typedef struct Found
{
	int			no;				/* index of the number */
	const Claim *claim;
	ClaimKind	kind;
	int			candidates;		/* how many numbers the place may mean */
} Found;

static int
compare_found(const void *left, const void *right)
{
	const Found *a = left;
	const Found *b = right;

	CHECK_FOR_INTERRUPTS();
	if (a->claim->start != b->claim->start)
		return a->claim->start < b->claim->start ? -1 : 1;
	if (a->claim->slot != b->claim->slot)
		return a->claim->slot < b->claim->slot ? -1 : 1;
	return a->no < b->no ? -1 : a->no > b->no;
}

static bool
is_as_written(const Match *match, const Claim *claim, int no)
{
	const text *number = match->references.numbers[no];
	int			length = claim->end - claim->start;

	return claim->kind == CLAIM_NORMALISED && (int) VARSIZE_ANY_EXHDR(number) == length &&
		memcmp(VARDATA_ANY(number), VARDATA_ANY(match->remittance) + claim->start, length) == 0;
}

/*
 * The numbers behind the claims, each once: at the place that is surest, of
 * several the first.  Where one of equal numbers is as written, it alone is meant.
 */
static Found *
find_numbers(const Match *match, int *nfound)
{
	const References *references = &match->references;
	Found	   *found = alloc_array(references->n, sizeof(Found));
	int		   *where = alloc_array(references->n, sizeof(int));	/* in found, -1 if not */
	int			n = 0;

	memset(where, -1, references->n * sizeof(int));
	for (int first = 0, end; first < match->nclaims; first = end)
	{
		const Claim *claim = &match->claims[first];
		int			candidates = 0;
		bool		as_written = false;

		/* The claims that mean one number: of one place, and of a range one slot. */
		for (end = first; end < match->nclaims && match->claims[end].start == claim->start &&
			 match->claims[end].end == claim->end && match->claims[end].slot == claim->slot; end++)
			for (int no = references->entries[match->claims[end].entry].first; no >= 0; no = references->same_key[no])
			{
				CHECK_FOR_INTERRUPTS();
				if (is_as_written(match, &match->claims[end], no) && !as_written)
				{
					as_written = true;
					candidates = 0;
				}
				if (!as_written || is_as_written(match, &match->claims[end], no))
					candidates++;
			}

		for (int i = first; i < end; i++)
			for (int no = references->entries[match->claims[i].entry].first; no >= 0; no = references->same_key[no])
			{
				ClaimKind	kind = as_written ? CLAIM_EXACT : match->claims[i].kind;

				if (as_written && !is_as_written(match, &match->claims[i], no))
					continue;
				if (where[no] < 0)
					where[no] = n++;
				else if (found[where[no]].kind <= kind)
					continue;
				found[where[no]] = (Found) {no, &match->claims[i], kind, candidates};
			}
	}
	pfree(where);
	qsort(found, n, sizeof(Found), compare_found);
	*nfound = n;
	return found;
}

PG_FUNCTION_INFO_V1(cc_match_reference);
Datum
cc_match_reference(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	text	   *remittance = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(remittance);
	bool		utf8 = reference_utf8();
	Match		match = {.remittance = remittance, .room = 64, .pairs_left = FUZZY_MAX_PAIRS};
	ReferenceRun *runs;
	int			nruns;
	Found	   *found;
	int			nfound;
	int			at_byte = 0;	/* start of the number before, to count characters from there */
	int			at_character = 1;

	match.min_similarity = (int) money_units(PG_GETARG_DATUM(2), EDIT_SIMILARITY_SCALE, "min_similarity");
	if (match.min_similarity <= 0 || match.min_similarity > EDIT_SIMILARITY_ONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_similarity must be greater than 0 and at most 1")));
	read_references(PG_GETARG_ARRAYTYPE_P(1), &match.references);
	match.claims = palloc(match.room * sizeof(Claim));

	runs = reference_runs_of(remittance, &nruns);
	reference_scan(data, utf8, runs, nruns, visit_same, &match);
	keep_best_claims(&match, 0);
	if (match.min_similarity < EDIT_SIMILARITY_ONE)
	{
		match.kept = match.nclaims;
		reference_scan(data, utf8, runs, nruns, visit_similar, &match);
		keep_best_claims(&match, match.kept);
	}
	found = find_numbers(&match, &nfound);

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < nfound; i++)
	{
		const Claim *claim = found[i].claim;
		int			bytes = claim->end - claim->start;
		Datum		values[7];
		bool		nulls[7] = {false};

		CHECK_FOR_INTERRUPTS();
		at_character += pg_mbstrlen_with_len(data + at_byte, claim->start - at_byte);
		at_byte = claim->start;

		values[0] = Int32GetDatum(found[i].no + 1);
		values[1] = Int32GetDatum(at_character);
		values[2] = Int32GetDatum(pg_mbstrlen_with_len(data + claim->start, bytes));
		values[3] = PointerGetDatum(cstring_to_text_with_len(data + claim->start, bytes));
		values[4] = money_to_numeric(claim->similarity, EDIT_SIMILARITY_SCALE);
		values[5] = CStringGetTextDatum(kind_names[found[i].kind]);
		values[6] = Int32GetDatum(found[i].candidates);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		pfree(DatumGetPointer(values[3]));
		pfree(DatumGetPointer(values[4]));
		pfree(DatumGetPointer(values[5]));
	}
	PG_RETURN_NULL();
}
