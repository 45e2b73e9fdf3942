/*
 * slice.c
 *		Pieces of a file in memory, and what can be wrong with one.
 */
#include "cc_compat.h"

#include "slice.h"

Slice
slice_trim(Slice slice)
{
	while (slice.start < slice.end && is_blank(*slice.start))
		slice.start++;
	while (slice.end > slice.start && is_blank(slice.end[-1]))
		slice.end--;
	return slice;
}

Slice
slice_file(const char *text, Size len)
{
	Slice		file = slice_make(text, text + len);

	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		file.start += 3;
	while (file.end > file.start &&
		   (file.end[-1] == ' ' || file.end[-1] == '\r' || file.end[-1] == '\n' ||
			file.end[-1] == '\x1A'))
		file.end--;
	return file;
}

bool
slice_cut(Slice *rest, char delimiter, Slice *piece)
{
	const char *end;

	if (rest->start == NULL)
		return false;

	end = slice_is_empty(*rest) ? NULL :
		memchr(rest->start, delimiter, slice_len(*rest));
	if (end != NULL)
	{
		*piece = slice_make(rest->start, end);
		rest->start = end + 1;
	}
	else
	{
		*piece = *rest;
		rest->start = rest->end = NULL;
	}
	return true;
}

bool
slice_to_count(Slice slice, int *count)
{
	int			sum = 0;

	if (slice_is_empty(slice) || slice_len(slice) > 9)
		return false;
	for (const char *p = slice.start; p < slice.end; p++)
	{
		if (!is_digit(*p))
			return false;
		sum = sum * 10 + (*p - '0');
	}
	*count = sum;
	return true;
}

bool
slice_to_amount(Slice slice, FileAmount *amount)
{
	bool		negative = false;
	bool		point = false;
	int			ndigits = 0;	/* significant ones */
	bool		any = false;

	amount->given = false;
	amount->units = 0;
	amount->scale = 0;
	if (slice_is_empty(slice))
		return false;

	if (*slice.start == '-' || *slice.start == '+')
	{
		negative = (*slice.start == '-');
		slice.start++;
	}
	else if (slice.end[-1] == '-')
	{
		negative = true;
		slice.end--;
	}

	for (const char *p = slice.start; p < slice.end; p++)
	{
		if (*p == '.' && !point)
		{
			point = true;
			continue;
		}
		if (!is_digit(*p))
			return false;
		any = true;
		if (*p != '0' || ndigits > 0)
			ndigits++;
		if (point)
			amount->scale++;
		if (ndigits > FILE_MAX_DIGITS || amount->scale > FILE_MAX_SCALE)
			return false;
		amount->units = amount->units * 10 + (*p - '0');
	}
	if (!any)
		return false;

	if (negative)
		amount->units = -amount->units;
	amount->given = true;
	return true;
}

bool
slice_to_date(Slice slice, FileDate *date)
{
	static const int days_of[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			number;
	int			year;
	int			month;
	int			day;
	bool		leap;

	if ((slice_len(slice) != 6 && slice_len(slice) != 8) ||
		!slice_to_count(slice, &number))
		return false;

	day = number % 100;
	month = number / 100 % 100;
	year = number / 10000;
	if (slice_len(slice) == 6)
		year += year < 70 ? 2000 : 1900;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of[month - 1])
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month == 2 && day == 29 && !leap)
		return false;

	date->year = year;
	date->month = month;
	date->day = day;
	return true;
}

int128
amount_units(const FileAmount *amount)
{
	int128		units = amount->units;

	for (int scale = amount->scale; scale < FILE_MAX_SCALE; scale++)
		units *= 10;
	return units;
}

FileAmount
amount_make(int128 units, int scale)
{
	FileAmount	amount = {true, scale, units};

	return amount;
}

bool
fault_at(FileFault *fault, int place, const char *problem, Slice found)
{
	memset(fault, 0, sizeof(*fault));
	fault->problem = problem;
	fault->place = place;
	fault->found = found;
	return false;
}

bool
fault_figures(FileFault *fault, int place, const char *problem,
			  FileAmount stated, FileAmount counted)
{
	fault_at(fault, place, problem, slice_make(NULL, NULL));
	fault->has_figures = true;
	fault->stated = stated;
	fault->counted = counted;
	return false;
}
