/*
 * subset_sum.c
 *		Counting the sets of items that sum to an amount, within a work limit.
 *
 * Small sets: every pair of amounts goes into a hash table of sums, and every
 * other pair looks up what it lacks, which finds sets of four in the square of
 * the number of items, each set once.
 *
 * Sets of any size: the sums of the smallest items are tabulated; a search
 * with bounds walks the choices of the larger items, and each that comes
 * within the table's reach is looked up.  Up to some 35 items this goes
 * through all the choices there are.  Far beyond that it meets solutions so
 * often, where there are many, that "several" is known after little work.
 */
#include "cc_compat.h"

#include "subset_sum.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

/* Sums in the table of subset_any: as many as stay in the processor's cache. */
#define MAX_TABLE 16384

/* A group with more choices than this stays out of the table. */
#define MAX_TABLE_CHOICES 64

/* So many items of a group, so many of them discounted. */
typedef struct Part
{
	int			group;
	int			taken;
	int			discounted;
} Part;

/* One way to take an item of a group. */
typedef struct Option
{
	int128		value;
	int			group;
	bool		discounted;
} Option;

/* A tabulated sum; `choice` numbers the choice in mixed radix. */
typedef struct TableSum
{
	int128		sum;
	int32		choice;
	int32		nitems;
} TableSum;

/* Where the walk over the larger items stands: choices made above this level. */
typedef struct Level
{
	int128		sum;
	int			nitems;
	int			taken;			/* of this level's group; -1 when all were tried */
	int			discounted;
} Level;

/* Two options, chained by the bucket of their sum. */
typedef struct OptionPair
{
	int			low;
	int			high;
	int			next;			/* -1 ends the chain */
} OptionPair;

static void *
alloc_array(int64 n, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, mul_size(Max(n, 1), size));
}

/* One step of work; false when there is none left. */
static inline bool
spend(SubsetSearch *search)
{
	CHECK_FOR_INTERRUPTS();
	if (unlikely(search->work_left <= 0))
	{
		search->exhausted = true;
		return false;
	}
	search->work_left--;
	return true;
}

/* By magnitude, largest first; the items of a group together, oldest first. */
static int
compare_for_groups(const void *left, const void *right)
{
	const SubsetItem *a = left;
	const SubsetItem *b = right;
	int128		a_size = a->full < 0 ? -a->full : a->full;
	int128		b_size = b->full < 0 ? -b->full : b->full;

	CHECK_FOR_INTERRUPTS();
	if (a_size != b_size)
		return a_size > b_size ? -1 : 1;
	if (a->full != b->full)
		return a->full > b->full ? -1 : 1;
	if (a->discounted != b->discounted)
		return a->discounted > b->discounted ? -1 : 1;
	return a->age < b->age ? -1 : a->age > b->age;
}

SubsetGroup *
subset_groups(SubsetItem *items, int nitems, int *ngroups)
{
	SubsetGroup *groups = alloc_array(nitems, sizeof(SubsetGroup));
	int			n = 0;

	qsort(items, nitems, sizeof(SubsetItem), compare_for_groups);
	for (int i = 0; i < nitems; i++)
	{
		if (n > 0 && groups[n - 1].full == items[i].full &&
			groups[n - 1].discounted == items[i].discounted)
		{
			groups[n - 1].size++;
			continue;
		}
		groups[n].full = items[i].full;
		groups[n].discounted = items[i].discounted;
		groups[n].first = i;
		groups[n].size = 1;
		n++;
	}
	*ngroups = n;
	return groups;
}

static inline bool
has_discount(const SubsetGroup *group)
{
	return group->discounted != group->full;
}

void
subset_reset(SubsetSearch *search)
{
	search->solutions = 0;
	search->exhausted = false;
	search->npicks = 0;
}

static inline int128
distance(const SubsetSearch *search, int128 total)
{
	return total < search->target ? search->target - total : total - search->target;
}

/* Whether a set is to be preferred to the best found so far. */
static bool
is_better(const SubsetSearch *search, SubsetStructure structure, int128 total,
		  const SubsetPick *picks, int npicks)
{
	int128		here = distance(search, total);
	int128		best = distance(search, search->total);

	if (here != best)
		return here < best;
	if (structure != search->structure)
		return structure < search->structure;
	if (npicks != search->npicks)
		return npicks < search->npicks;
	for (int i = 0; i < npicks; i++)
	{
		if (picks[i].age != search->picks[i].age)
			return picks[i].age < search->picks[i].age;
		if (picks[i].discounted != search->picks[i].discounted)
			return search->picks[i].discounted;
	}
	return false;
}

bool
subset_found(SubsetSearch *search, SubsetStructure structure, int128 total,
			 int64 times, const SubsetPick *picks, int npicks)
{
	if (search->solutions == 0 ||
		is_better(search, structure, total, picks, npicks))
	{
		search->structure = structure;
		search->total = total;
		search->npicks = npicks;
		memcpy(search->picks, picks, npicks * sizeof(SubsetPick));
	}
	search->solutions = Min(search->solutions + times, search->max_solutions + 1);
	return search->solutions <= search->max_solutions;
}

/* n over k, or `limit` if it is more. */
static int64
binomial(int n, int k, int64 limit)
{
	int64		result = 1;

	k = Min(k, n - k);
	for (int i = 1; i <= k && result < limit; i++)
	{
		CHECK_FOR_INTERRUPTS();
		/* Both factors are below 2^32; what is divided is a whole number of i's. */
		result = result * (n - k + i) / i;
	}
	return Min(result, limit);
}

/*
 * In how many ways so many items of a group can be taken, so many of them
 * discounted: those due earliest must be in, those of the last due date are
 * free, and so is which of them are discounted.
 */
static int64
ways_to_take(const SubsetSearch *search, const Part *part)
{
	const SubsetGroup *group = &search->groups[part->group];
	const SubsetItem *items = &search->items[group->first];
	int64		limit = search->max_solutions + 1;
	int			first = part->taken - 1;	/* of the last due date taken */
	int			end = part->taken;
	int64		ways;

	Assert(part->taken <= group->size && part->discounted <= part->taken);
	if (part->taken == 0)
		return 1;
	while (first > 0 && items[first - 1].due == items[part->taken - 1].due)
		first--;
	while (end < group->size && items[end].due == items[part->taken - 1].due)
		end++;
	ways = binomial(end - first, part->taken - first, limit);
	return Min(limit, ways * binomial(part->taken, part->discounted, limit));
}

static int
compare_picks(const void *left, const void *right)
{
	const SubsetPick *a = left;
	const SubsetPick *b = right;

	return a->age < b->age ? -1 : a->age > b->age;
}

/*
 * Count the sets that take these parts, each of another group.  Stands for
 * them in the comparison: the oldest of each group, the newest of them
 * discounted.
 */
static bool
found_parts(SubsetSearch *search, int128 total, const Part *parts, int nparts)
{
	int64		limit = search->max_solutions + 1;
	int64		times = 1;
	int			npicks = 0;
	SubsetStructure structure;

	for (int i = 0; i < nparts; i++)
	{
		const SubsetItem *items = &search->items[search->groups[parts[i].group].first];

		times = Min(limit, times * ways_to_take(search, &parts[i]));
		for (int j = 0; j < parts[i].taken; j++)
		{
			search->candidate[npicks].age = items[j].age;
			search->candidate[npicks].discounted = j >= parts[i].taken - parts[i].discounted;
			npicks++;
		}
	}
	qsort(search->candidate, npicks, sizeof(SubsetPick), compare_picks);

	if (npicks > SUBSET_SMALL_ITEMS)
		structure = SUBSET_ANY;
	else if (npicks > 2)
		structure = SUBSET_SMALL;
	else
		structure = npicks == 2 ? SUBSET_PAIR : SUBSET_SINGLE;
	return subset_found(search, structure, total, times, search->candidate, npicks);
}

/*
 * The same for up to SUBSET_SMALL_ITEMS options, of which several may be of one
 * group.  More than the group has is no set.
 */
static bool
found_options(SubsetSearch *search, const Option *const *options, int noptions)
{
	Part		parts[SUBSET_SMALL_ITEMS];
	int			nparts = 0;
	int128		total = 0;

	for (int i = 0; i < noptions; i++)
	{
		int			at = 0;

		total += options[i]->value;
		while (at < nparts && parts[at].group != options[i]->group)
			at++;
		if (at == nparts)
			parts[nparts++] = (Part) {.group = options[i]->group};
		parts[at].taken++;
		parts[at].discounted += options[i]->discounted;
		if (parts[at].taken > search->groups[parts[at].group].size)
			return true;
	}
	return found_parts(search, total, parts, nparts);
}

static int
compare_options(const void *left, const void *right)
{
	const Option *a = left;
	const Option *b = right;

	CHECK_FOR_INTERRUPTS();
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	/* Groups are numbered by their amounts, so this does not depend on positions either. */
	return a->group < b->group ? -1 : a->group > b->group;
}

/* The least and the most that the items of a group can add. */
static void
group_bounds(const SubsetGroup *group, int128 *least, int128 *most)
{
	*least = Min(0, Min(group->full, group->discounted)) * group->size;
	*most = Max(0, Max(group->full, group->discounted)) * group->size;
}

/* Every way to take one item that can be part of a solution, by value. */
static Option *
make_options(const SubsetSearch *search, int *noptions)
{
	Option	   *options = alloc_array(2 * (int64) search->ngroups, sizeof(Option));
	int128		least = 0;
	int128		most = 0;
	int			n = 0;

	for (int i = 0; i < search->ngroups; i++)
	{
		int128		group_least;
		int128		group_most;

		group_bounds(&search->groups[i], &group_least, &group_most);
		least += group_least;
		most += group_most;
	}
	for (int i = 0; i < search->ngroups; i++)
	{
		const SubsetGroup *group = &search->groups[i];

		for (int way = 0; way <= (has_discount(group) ? 1 : 0); way++)
		{
			int128		value = way ? group->discounted : group->full;

			/* What the other items can add at most is not enough to make up for it. */
			if (value + (value > 0 ? least : least - value) > search->highest ||
				value + (value < 0 ? most : most - value) < search->lowest)
				continue;
			options[n].value = value;
			options[n].group = i;
			options[n].discounted = way;
			n++;
		}
	}
	qsort(options, n, sizeof(Option), compare_options);
	*noptions = n;
	return options;
}

/* The first option from `from` on whose value is at least `value`. */
static int
first_at_least(const Option *options, int from, int noptions, int128 value)
{
	while (from < noptions)
	{
		int			middle = from + (noptions - from) / 2;

		if (options[middle].value < value)
			from = middle + 1;
		else
			noptions = middle;
	}
	return from;
}

void
subset_single(SubsetSearch *search)
{
	int			noptions;
	Option	   *options = make_options(search, &noptions);

	for (int i = first_at_least(options, 0, noptions, search->lowest);
		 i < noptions && options[i].value <= search->highest; i++)
	{
		const Option *set[] = {&options[i]};

		CHECK_FOR_INTERRUPTS();
		if (!found_options(search, set, 1))
			break;
	}
	pfree(options);
}

void
subset_pair(SubsetSearch *search)
{
	int			noptions;
	Option	   *options = make_options(search, &noptions);
	bool		more = true;

	for (int low = 0; more && low < noptions; low++)
	{
		int128		lack = search->lowest - options[low].value;
		int128		spare = search->highest - options[low].value;

		for (int high = first_at_least(options, low, noptions, lack);
			 more && high < noptions && options[high].value <= spare; high++)
		{
			const Option *set[] = {&options[low], &options[high]};

			CHECK_FOR_INTERRUPTS();
			more = found_options(search, set, 2);
		}
	}
	pfree(options);
}

/* The pairs seen so far, by their sum. */
typedef struct PairTable
{
	const Option *options;
	OptionPair *pairs;
	int			npairs;
	int		   *heads;			/* first pair of each bucket, -1 if none */
	int			head_bits;
	int128		base;			/* the least sum of two options */
	int			width_bits;		/* sums of 2^width_bits units share a bucket */
} PairTable;

static inline int128
bucket_of(const PairTable *table, int128 sum)
{
	return (sum - table->base) >> table->width_bits;
}

static inline int *
head_of(const PairTable *table, int128 bucket)
{
	/* Fibonacci hashing: multiply by 2^64 / golden ratio and keep the top bits. */
	return &table->heads[((uint64) bucket * UINT64CONST(0x9E3779B97F4A7C15)) >> (64 - table->head_bits)];
}

/*
 * Complete `rest`, options that stand at or after all pairs in the table, with
 * a pair.  False when there is no need or no work left to go on.
 */
static bool
complete_with_pair(SubsetSearch *search, const PairTable *table,
				   const Option *const *rest, int nrest)
{
	int128		sum = 0;
	int128		lack;
	int128		spare;
	int128		last;

	for (int i = 0; i < nrest; i++)
		sum += rest[i]->value;
	lack = Max(search->lowest - sum, table->base);
	spare = search->highest - sum;
	if (spare < lack)
		return true;

	/* A bucket is at least as wide as what is looked for, so there are one or two. */
	last = bucket_of(table, spare);
	for (int128 bucket = bucket_of(table, lack); bucket <= last; bucket++)
	{
		for (int at = *head_of(table, bucket); at >= 0; at = table->pairs[at].next)
		{
			const Option *low = &table->options[table->pairs[at].low];
			const Option *high = &table->options[table->pairs[at].high];
			const Option *set[SUBSET_SMALL_ITEMS] = {low, high};
			int128		pair_sum = low->value + high->value;

			if (!spend(search))
				return false;
			/* Several buckets may share a chain. */
			if (pair_sum < lack || pair_sum > spare || bucket_of(table, pair_sum) != bucket)
				continue;
			for (int i = 0; i < nrest; i++)
				set[2 + i] = rest[i];
			if (!found_options(search, set, 2 + nrest))
				return false;
		}
	}
	return true;
}

/*
 * Sets of options a <= b <= c (<= d).  When c's turn comes, all pairs up to it
 * have gone into the table, so each set is met once, as (a, b) and the rest.
 */
void
subset_small(SubsetSearch *search)
{
	int			noptions;
	Option	   *options = make_options(search, &noptions);
	int64		all_pairs = (int64) noptions * (noptions + 1) / 2;
	int64		room = Min(all_pairs, search->max_work);
	PairTable	table = {.options = options};
	bool		more = noptions > 0 && search->max_items > 2;

	search->work_left = search->max_work;
	search->exhausted = false;
	if (more)
	{
		table.base = 2 * options[0].value;
		while (table.width_bits < 126 &&
			   ((int128) 1 << table.width_bits) <= search->highest - search->lowest)
			table.width_bits++;
		table.head_bits = pg_ceil_log2_32(Max(room, 2));
		table.heads = alloc_array((int64) 1 << table.head_bits, sizeof(int));
		memset(table.heads, -1, sizeof(int) << table.head_bits);
		table.pairs = alloc_array(room, sizeof(OptionPair));
	}

	for (int c = 0; more && c < noptions; c++)
	{
		const Option *rest[] = {&options[c], NULL};

		for (int a = 0; more && a <= c; a++)
		{
			int		   *head = head_of(&table, bucket_of(&table, options[a].value + options[c].value));

			more = spend(search);
			if (!more)
				break;
			table.pairs[table.npairs] = (OptionPair) {.low = a, .high = c, .next = *head};
			*head = table.npairs++;
		}

		more = more && complete_with_pair(search, &table, rest, 1);
		if (search->max_items < SUBSET_SMALL_ITEMS)
			continue;

		/* What c and d lack must lie between the least and the greatest pair there is. */
		for (int d = first_at_least(options, c, noptions, search->lowest - 3 * options[c].value);
			 more && d < noptions && options[c].value + options[d].value <= search->highest - table.base;
			 d++)
		{
			rest[1] = &options[d];
			more = spend(search) && complete_with_pair(search, &table, rest, 2);
		}
	}

	if (table.heads)
	{
		pfree(table.heads);
		pfree(table.pairs);
	}
	pfree(options);
}

/* The number of choices a group offers, from none of it to all, each with or without its discount. */
static int64
count_choices(const SubsetGroup *group)
{
	int64		size = group->size;

	return has_discount(group) ? (size + 1) * (size + 2) / 2 : size + 1;
}

/* Choice number `choice` of a group; 0 is none. */
static Part
decode_choice(const SubsetSearch *search, int group, int choice)
{
	Part		part = {.group = group};

	if (!has_discount(&search->groups[group]))
		part.taken = choice;
	else
	{
		while (choice > part.taken)
			choice -= ++part.taken;
		part.discounted = choice;
	}
	return part;
}

static inline int128
part_value(const SubsetSearch *search, const Part *part)
{
	const SubsetGroup *group = &search->groups[part->group];

	/* Nearly all groups are of one item. */
	if (likely(part->taken <= 1))
		return part->taken == 0 ? 0 : part->discounted ? group->discounted : group->full;
	return group->full * (part->taken - part->discounted) + group->discounted * part->discounted;
}

/*
 * All sums of the groups from `first` on, sorted.  Each group merges as many
 * sorted lists as it has choices.
 */
static TableSum *
make_table(const SubsetSearch *search, int first, int *size)
{
	TableSum   *table = alloc_array(MAX_TABLE, sizeof(TableSum));
	TableSum   *merged = alloc_array(MAX_TABLE, sizeof(TableSum));
	TableSum   *before = alloc_array(MAX_TABLE, sizeof(TableSum));
	int			n = 1;
	int			radix = 1;

	table[0] = (TableSum) {.sum = 0};
	for (int group = first; group < search->ngroups; group++)
	{
		int			nchoices = count_choices(&search->groups[group]);
		int			nbefore = n;

		memcpy(before, table, n * sizeof(TableSum));
		for (int choice = 1; choice < nchoices; choice++)
		{
			Part		part = decode_choice(search, group, choice);
			int128		value = part_value(search, &part);
			int			i = 0;
			int			j = 0;
			TableSum   *swap = table;

			CHECK_FOR_INTERRUPTS();
			for (int at = 0; at < n + nbefore; at++)
			{
				if (j == nbefore || (i < n && table[i].sum <= before[j].sum + value))
					merged[at] = table[i++];
				else
				{
					merged[at].sum = before[j].sum + value;
					merged[at].choice = before[j].choice + choice * radix;
					merged[at].nitems = before[j].nitems + part.taken;
					j++;
				}
			}
			n += nbefore;
			table = merged;
			merged = swap;
		}
		radix *= nchoices;
	}
	pfree(merged);
	pfree(before);
	*size = n;
	return table;
}

/* The first sum that is at least `value`. */
static inline int
first_sum(const TableSum *table, int size, int128 value)
{
	const TableSum *base = table;

	/* Halving without a branch that would be mispredicted every other time. */
	while (size > 1)
	{
		int			half = size / 2;

		base += base[half - 1].sum < value ? half : 0;
		size -= half;
	}
	return base - table + (base->sum < value ? 1 : 0);
}

/*
 * From which group on the table is made: the choices are halved between table
 * and walk while the table has room, so that few items take few steps.
 */
static int
first_tabulated(const SubsetSearch *search)
{
	int			head = 0;
	int			tail = search->ngroups;
	int64		in_walk = 1;
	int64		in_table = 1;

	while (head < tail)
	{
		int64		nchoices = count_choices(&search->groups[tail - 1]);

		if (in_table <= in_walk && nchoices <= MAX_TABLE_CHOICES &&
			in_table * nchoices <= MAX_TABLE)
		{
			in_table *= nchoices;
			tail--;
		}
		else
		{
			in_walk = Min(in_walk * count_choices(&search->groups[head]), MAX_TABLE + 1);
			head++;
		}
	}
	return tail;
}

bool
subset_impossible(const SubsetSearch *search)
{
	int128		divisor = 0;
	int128		above;			/* from lowest to the next multiple */

	for (int i = 0; i < 2 * search->ngroups && divisor != 1; i++)
	{
		const SubsetGroup *group = &search->groups[i / 2];
		int128		rest = i % 2 ? group->discounted : group->full;

		CHECK_FOR_INTERRUPTS();
		rest = rest < 0 ? -rest : rest;
		while (rest != 0)
		{
			int128		next = divisor % rest;

			divisor = rest;
			rest = next;
		}
	}
	if (divisor <= 1)
		return divisor == 0;
	above = -search->lowest % divisor;
	if (above < 0)
		above += divisor;
	return above > search->highest - search->lowest;
}

/* Count the tabulated sums that complete the choices of the walk. */
static bool
complete_with_table(SubsetSearch *search, const TableSum *table, int size,
					const Level *levels, int nwalk, Part *parts)
{
	int128		lack = search->lowest - levels[nwalk].sum;
	int128		spare = search->highest - levels[nwalk].sum;

	for (int at = first_sum(table, size, lack);
		 at < size && table[at].sum <= spare; at++)
	{
		int			choice = table[at].choice;
		int			nparts = 0;
		int			nitems = levels[nwalk].nitems + table[at].nitems;

		if (!spend(search))
			return false;
		if (nitems == 0 || nitems > search->max_items)
			continue;
		for (int i = 0; i < nwalk; i++)
			if (levels[i].taken > 0)
				parts[nparts++] = (Part) {i, levels[i].taken, levels[i].discounted};
		for (int i = nwalk; choice > 0; i++)
		{
			int			nchoices = count_choices(&search->groups[i]);

			if (choice % nchoices > 0)
				parts[nparts++] = decode_choice(search, i, choice % nchoices);
			choice /= nchoices;
		}
		if (!found_parts(search, levels[nwalk].sum + table[at].sum, parts, nparts))
			return false;
	}
	return true;
}

void
subset_any(SubsetSearch *search)
{
	int			nwalk;
	TableSum   *table;
	int			size;
	Level	   *levels;
	int128	   *least;			/* what the groups from here on can add at least */
	int128	   *most;			/* and at most */
	Part	   *parts;
	int			depth = 0;

	search->work_left = search->max_work;
	search->exhausted = false;
	nwalk = first_tabulated(search);
	table = make_table(search, nwalk, &size);
	levels = alloc_array(nwalk + 1, sizeof(Level));
	parts = alloc_array(search->ngroups, sizeof(Part));
	least = alloc_array(search->ngroups + 1, sizeof(int128));
	most = alloc_array(search->ngroups + 1, sizeof(int128));
	least[search->ngroups] = most[search->ngroups] = 0;
	for (int i = search->ngroups - 1; i >= 0; i--)
	{
		group_bounds(&search->groups[i], &least[i], &most[i]);
		least[i] += least[i + 1];
		most[i] += most[i + 1];
	}

	/* Depth first, taking before leaving; a level is a group, the last level the table. */
	levels[0] = (Level) {.taken = nwalk > 0 ? search->groups[0].size : 0};
	while (depth >= 0)
	{
		Level	   *level = &levels[depth];
		bool		descend = false;

		if (depth == nwalk)
		{
			if (!complete_with_table(search, table, size, levels, nwalk, parts))
				break;
		}
		else if (level->taken >= 0)
		{
			Part		part = {depth, level->taken, level->discounted};
			int128		sum = level->sum + part_value(search, &part);
			int			nitems = level->nitems + level->taken;

			if (!spend(search))
				break;
			descend = nitems <= search->max_items &&
				sum + least[depth + 1] <= search->highest &&
				sum + most[depth + 1] >= search->lowest;
			if (descend)
			{
				depth++;
				levels[depth] = (Level) {
					.sum = sum,
					.nitems = nitems,
					.taken = depth < nwalk ? search->groups[depth].size : 0
				};
			}
		}

		if (!descend)
		{
			/* Back to the level that has a choice left, and on to that choice. */
			if (depth == nwalk || level->taken < 0)
				depth--;
			if (depth >= 0)
			{
				level = &levels[depth];
				if (has_discount(&search->groups[depth]) && level->discounted < level->taken)
					level->discounted++;
				else
				{
					level->taken--;
					level->discounted = 0;
				}
			}
		}
	}

	pfree(table);
	pfree(levels);
	pfree(parts);
	pfree(least);
	pfree(most);
}
