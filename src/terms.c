/*
 * terms.c
 *		The dates and shares that payment terms make of an invoice.
 */
#include "cc_compat.h"

#include "utils/datetime.h"

#include "dates.h"
#include "money.h"
#include "terms.h"

static void
out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("date by payment terms out of range"),
			 errdetail("There is no date after 5874897-12-31.")));
}

static inline void
require_finite(DateADT date, const char *what)
{
	if (unlikely(DATE_NOT_FINITE(date)))
		date_refuse(what, "payment terms");
}

static inline DateADT
add_days(DateADT date, int days)
{
	/* A finite date is far enough from the ends of int32. */
	DateADT		sum = date + days;

	if (unlikely(!IS_VALID_DATE(sum)))
		out_of_range();
	return sum;
}

/* Months are counted from January of year 0. */
static inline int
year_of(int month_index)
{
	return month_index >= 0 ? month_index / 12 : -((11 - month_index) / 12);
}

/* Clamped to the end of the month. */
static DateADT
day_of_month(int month_index, int day)
{
	int			year = year_of(month_index);
	int			month = month_index - year * 12 + 1;

	day = Min(day, day_tab[isleap(year)][month - 1]);
	if (!IS_VALID_JULIAN(year, month, day))
		out_of_range();
	return add_days(date2j(year, month, day) - POSTGRES_EPOCH_JDATE, 0);
}

static inline int
month_index_of(DateADT date, int *day)
{
	int			year;
	int			month;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, day);
	return year * 12 + month - 1;
}

/* The first such day of a year on or after the invoice; 29 February is the 28th in other years. */
static DateADT
next_season(DateADT doc_date, int month, int day)
{
	int			doc_day;
	int			doc_month = month_index_of(doc_date, &doc_day);
	int			season = year_of(doc_month) * 12 + month - 1;

	if (season < doc_month || (season == doc_month && day < doc_day))
		season += 12;
	return day_of_month(season, day);
}

/* The day from which everything counts; false if it is not known yet. */
static inline bool
start_date(const PaymentTerms *terms, DateADT doc_date,
		   bool has_received, DateADT received, DateADT *start)
{
	require_finite(doc_date, "document date");
	if (has_received)
		require_finite(received, "date of receipt");

	*start = doc_date;
	switch ((TermsStart) terms->start)
	{
		case TERMS_FROM_INVOICE:
		case TERMS_CIA:
		case TERMS_CWO:
			break;
		case TERMS_FROM_GOODS:
			if (!has_received)
				return false;
			*start = received;
			break;
		case TERMS_COD:
			/* Goods and invoice usually go together. */
			if (has_received)
				*start = received;
			break;
		case TERMS_FROM_SEASON:
			*start = next_season(doc_date, terms->start_arg / 32, terms->start_arg % 32);
			break;
		case TERMS_FROM_EXTRA:
			*start = add_days(doc_date, terms->start_arg);
			break;
	}
	return true;
}

static inline DateADT
clause_date(const PaymentTerms *terms, const TermsClause *clause, DateADT start)
{
	int			anchor = terms_anchor(clause);
	int			day;
	int			month;

	if (likely(anchor == 0 && clause->months == 0))
		return add_days(start, clause->days);

	month = month_index_of(start, &day);

	/* What is dated after the cut-off counts as dated the 1st of the next month. */
	if (anchor != 0 && terms->cutoff != 0 && day > terms->cutoff)
	{
		month++;
		day = 1;
	}
	if (clause->anchor & TERMS_DAYS_FIRST)
		month = month_index_of(add_days(day_of_month(month, day), clause->days), &day);
	if (anchor != 0)
		day = anchor == TERMS_EOM ? 31 : anchor;
	start = day_of_month(month + clause->months, day);
	return clause->anchor & TERMS_DAYS_FIRST ? start : add_days(start, clause->days);
}

bool
terms_due_date(const PaymentTerms *terms, DateADT doc_date,
			   bool has_received, DateADT received, DateADT *due_date)
{
	int			nclauses = terms_nclauses(terms);
	DateADT		start;

	if (!start_date(terms, doc_date, has_received, received, &start))
		return false;

	/*
	 * The latest of all, discounts too: a payment that still earns its
	 * discount is not late, which "3/7 EOM net 30" would say of an invoice of
	 * the 1st.
	 */
	*due_date = clause_date(terms, &terms->clauses[0], start);
	for (int i = 1; i < nclauses; i++)
	{
		DateADT		date = clause_date(terms, &terms->clauses[i], start);

		*due_date = Max(*due_date, date);
	}
	return true;
}

bool
terms_discount_date(const PaymentTerms *terms, int no, DateADT doc_date,
					bool has_received, DateADT received, DateADT *last_day)
{
	DateADT		start;

	Assert(no >= 0 && no < terms->ndiscounts);
	if (!start_date(terms, doc_date, has_received, received, &start))
		return false;
	*last_day = clause_date(terms, &terms->clauses[no], start);
	return true;
}

TermsDiscount
terms_discount_earned(const PaymentTerms *terms, DateADT doc_date,
					  bool has_received, DateADT received,
					  DateADT paid_on, int *num, int *den)
{
	DateADT		start;

	require_finite(paid_on, "payment date");
	if (!start_date(terms, doc_date, has_received, received, &start))
		return terms->ndiscounts > 0 ? TERMS_DISCOUNT_UNDATED : TERMS_DISCOUNT_NONE;

	for (int i = 0; i < terms->ndiscounts; i++)
	{
		const TermsClause *clause = &terms->clauses[i];

		/* Dates lie within 32 bits with room for the grace. */
		if (paid_on <= clause_date(terms, clause, start) + (int) terms->grace)
		{
			*num = clause->num;
			*den = clause->den;
			return TERMS_DISCOUNT_EARNED;
		}
	}
	return TERMS_DISCOUNT_NONE;
}

/* units * num / den, rounded half away from zero. */
static int128
share_of(int128 units, const TermsClause *clause)
{
	int128		product = money_mul(units, clause->num);
	int128		share = product / clause->den;
	int			rest = (int) (product % clause->den);

	if (2 * abs(rest) >= clause->den)
		share += units < 0 ? -1 : 1;
	return share;
}

int
terms_schedule(const PaymentTerms *terms, DateADT doc_date,
			   bool has_received, DateADT received,
			   int128 units, TermsInstalment *out)
{
	const TermsClause *dues = terms_dues(terms);
	int			ndues = terms_ndues(terms);
	int128		left = units;
	DateADT		start = 0;
	bool		dated;

	if (ndues == 1)
	{
		out[0].dated = terms_due_date(terms, doc_date, has_received, received,
									  &out[0].due_date);
		out[0].units = units;
		return 1;
	}

	dated = start_date(terms, doc_date, has_received, received, &start);
	for (int i = 0; i < ndues; i++)
	{
		int128		share = left;

		/*
		 * The last takes what rounding left.  A share that rounds up takes no
		 * more than there is: 36 shares of 18 cents are not 36 cents and a
		 * credit.
		 */
		if (i < ndues - 1)
		{
			share = share_of(units, &dues[i]);
			if (units < 0 ? share < left : share > left)
				share = left;
		}
		left -= share;
		out[i].dated = dated;
		out[i].due_date = dated ? clause_date(terms, &dues[i], start) : 0;
		out[i].units = share;
	}
	return ndues;
}
