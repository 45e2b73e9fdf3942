/*
 * bai2.c
 *		Reading BAI2, the cash management balance report of US banks.
 *
 *	01 file  02 group  03 account  16 transaction  49 98 99 their trailers
 *
 * A record is a line of fields between commas and ends with a slash.  88
 * continues any record on the next line: a field never spans lines, but for the
 * text of a transaction, its last field, which takes in everything up to the
 * next record and may hold commas and slashes.
 *
 * Every trailer has a control total (the sum of all amounts as they stand in
 * the file, balances and totals included) and the number of physical records,
 * headers, continuations and trailers included.
 */
#include "cc_compat.h"

#include "bai2.h"

static const char default_currency[] = "USD";

void
bai2_start(Bai2Reader *reader, const char *text, Size len)
{
	memset(reader, 0, sizeof(*reader));
	reader->rest = slice_file(text, len);
}

/* The next line that is not blank, without taking it; its number goes to *number. */
static bool
peek_line(const Bai2Reader *reader, Slice *line, Slice *rest, int *number)
{
	*rest = reader->rest;
	*number = reader->line;
	while (slice_cut(rest, '\n', line))
	{
		(*number)++;
		*line = slice_trim(*line);
		if (!slice_is_empty(*line))
			return true;
	}
	return false;
}

static bool
is_record(Slice line, const char *code)
{
	return slice_len(line) >= 2 && memcmp(line.start, code, 2) == 0 &&
		(slice_len(line) == 2 || line.start[2] == ',' || line.start[2] == '/');
}

/* The fields of a line: without its code, its comma and the slash at its end. */
static Slice
fields_of(Slice line)
{
	if (slice_len(line) > 2 && line.end[-1] == '/')
		line.end--;
	line.start += 2;
	if (slice_is_empty(line))
		line.start = NULL;
	else
		line.start++;
	return line;
}

static void
take_line(Bai2Reader *reader, Slice line, Slice rest, int number)
{
	reader->rest = rest;
	reader->line = number;
	reader->fields = fields_of(line);
	reader->file.records++;
	reader->group.records++;
	reader->account.records++;
}

/* Go on to a line that continues the current record. */
static bool
continue_record(Bai2Reader *reader)
{
	Slice		line;
	Slice		rest;
	int			number;

	if (!peek_line(reader, &line, &rest, &number) || !is_record(line, "88"))
		return false;
	take_line(reader, line, rest, number);
	return true;
}

/* The next field of the record, blank when the record has no more. */
static bool
next_field(Bai2Reader *reader, Slice *field)
{
	while (!slice_cut(&reader->fields, ',', field))
	{
		if (!continue_record(reader))
		{
			*field = slice_make(NULL, NULL);
			return false;
		}
	}
	*field = slice_trim(*field);
	return true;
}

static void
skip_fields(Bai2Reader *reader)
{
	do
	{
		reader->fields.start = NULL;
	} while (continue_record(reader));
}

static bool
read_fault(Bai2Reader *reader, const char *problem, Slice found)
{
	return fault_at(&reader->fault, reader->line, problem, found);
}

/* Amounts have no point: they are in minor units.  A blank one is none. */
static bool
read_amount(Bai2Reader *reader, const char *problem, FileAmount *amount)
{
	Slice		field;

	next_field(reader, &field);
	memset(amount, 0, sizeof(*amount));
	if (slice_is_empty(field))
		return true;
	if (!slice_to_amount(field, amount) || amount->scale > 0 ||
		memchr(field.start, '.', slice_len(field)) != NULL ||
		field.end[-1] == '-')
		return read_fault(reader, problem, field);
	return true;
}

static bool
read_date(Bai2Reader *reader, const char *problem, FileDate *date)
{
	Slice		field;

	next_field(reader, &field);
	if (!slice_to_date(field, date))
		return read_fault(reader, problem, field);
	return true;
}

/* 01,sender,receiver,created on,at,file id,record length,block size,version */
static bool
read_file_header(Bai2Reader *reader)
{
	Slice		field;

	next_field(reader, &reader->sender);
	next_field(reader, &reader->receiver);
	if (!read_date(reader, "file creation date is not a date", &reader->created))
		return false;
	next_field(reader, &field);
	next_field(reader, &reader->file_id);
	next_field(reader, &field);
	next_field(reader, &field);
	next_field(reader, &field);
	if (!slice_is(field, "2"))
		return read_fault(reader, "file is not of BAI version 2", field);
	return true;
}

/* 02,receiver,originator,status,as-of date,time,currency,modifier */
static bool
read_group_header(Bai2Reader *reader)
{
	next_field(reader, &reader->group_receiver);
	next_field(reader, &reader->originator);
	next_field(reader, &reader->group_status);
	if (slice_len(reader->group_status) != 1 ||
		*reader->group_status.start < '1' || *reader->group_status.start > '4')
		return read_fault(reader, "group status is not 1, 2, 3 or 4", reader->group_status);
	if (!read_date(reader, "as-of date is not a date", &reader->as_of))
		return false;
	next_field(reader, &reader->as_of_time);
	next_field(reader, &reader->group_currency);
	if (slice_is_empty(reader->group_currency))
		reader->group_currency = slice_make(default_currency, default_currency + 3);
	return true;
}

/* 03,account,currency, then any number of: type,amount,items,funds type */
static bool
read_account_header(Bai2Reader *reader)
{
	next_field(reader, &reader->account_no);
	if (slice_is_empty(reader->account_no))
		return read_fault(reader, "account has no number", reader->account_no);
	next_field(reader, &reader->currency);
	if (slice_is_empty(reader->currency))
		reader->currency = reader->group_currency;
	return true;
}

/*
 * Ranges of type codes: 001-099 balances, 100-399 credits, 400-699 debits,
 * 700-799 loans (balances, then payments from 720, disbursements from 760),
 * and a bank's own: 900-919 balances, 920-959 credits, 960-999 debits.
 */
static Bai2Side
side_of(int code)
{
	if ((code >= 100 && code <= 399) || (code >= 720 && code <= 759) ||
		(code >= 920 && code <= 959))
		return BAI2_CREDIT;
	if ((code >= 400 && code <= 699) || (code >= 760 && code <= 799) ||
		code >= 960)
		return BAI2_DEBIT;
	return BAI2_NEITHER;
}

static bool
read_type_code(Bai2Reader *reader, Slice field, Bai2Row *row)
{
	int			code;

	if (slice_len(field) != 3 || !slice_to_count(field, &code) || code == 0)
		return read_fault(reader, "type code is not three digits", field);
	row->type_code = field;
	row->side = side_of(code);
	return true;
}

static bool
check_availability(Bai2Reader *reader, Bai2Row *row)
{
	int128		sum = row->immediate + row->one_day + row->two_day;

	if (sum != row->amount.units)
		return fault_figures(&reader->fault, row->line,
							 "funds availability does not add up to the amount",
							 row->amount, amount_make(sum, 0));
	row->has_availability = true;
	return true;
}

static bool
read_split(Bai2Reader *reader, int128 *units)
{
	FileAmount	amount;

	if (!read_amount(reader, "available amount is not a whole number", &amount))
		return false;
	*units = amount.units;
	return true;
}

/* D,number of pairs, then days and amount of each */
static bool
read_distributions(Bai2Reader *reader, Bai2Row *row)
{
	Slice		field;

	next_field(reader, &field);
	if (!slice_to_count(field, &row->ndistributions) ||
		row->ndistributions > BAI2_MAX_DISTRIBUTIONS)
	{
		row->ndistributions = 0;
		return read_fault(reader, "number of availability distributions is not one of 0 to 32", field);
	}
	for (int i = 0; i < row->ndistributions; i++)
	{
		next_field(reader, &field);
		if (!slice_to_count(field, &row->days[i]))
			return read_fault(reader, "availability in days is not a number", field);
		if (!read_split(reader, &row->amounts[i]))
			return false;
		if (row->days[i] == 0)
			row->immediate += row->amounts[i];
		else if (row->days[i] == 1)
			row->one_day += row->amounts[i];
		else
			row->two_day += row->amounts[i];
	}
	return check_availability(reader, row);
}

static bool
read_funds(Bai2Reader *reader, Bai2Row *row)
{
	Slice		field;

	next_field(reader, &field);
	if (slice_is_empty(field))
		return true;
	if (slice_len(field) != 1)
		return read_fault(reader, "funds type is not one of 0, 1, 2, S, V, D and Z", field);

	row->funds_type = *field.start;
	switch (row->funds_type)
	{
		case 'Z':
			return true;
		case '0':
			row->immediate = row->amount.units;
			return check_availability(reader, row);
		case '1':
			row->one_day = row->amount.units;
			return check_availability(reader, row);
		case '2':
			row->two_day = row->amount.units;
			return check_availability(reader, row);
		case 'S':
			return read_split(reader, &row->immediate) &&
				read_split(reader, &row->one_day) &&
				read_split(reader, &row->two_day) &&
				check_availability(reader, row);
		case 'V':
			if (!read_date(reader, "value date is not a date", &row->value_date))
				return false;
			/* The time of day says nothing to a ledger of days. */
			next_field(reader, &field);
			return true;
		case 'D':
			return read_distributions(reader, row);
		default:
			return read_fault(reader, "funds type is not one of 0, 1, 2, S, V, D and Z", field);
	}
}

static void
count_amount(Bai2Reader *reader, const Bai2Row *row)
{
	reader->account.total += row->amount.units;
}

/* One balance or total of a 03 record; false with no fault: there are no more. */
static bool
read_summary(Bai2Reader *reader, Bai2Row *row)
{
	Slice		field;

	while (next_field(reader, &field))
	{
		bool		blank = slice_is_empty(field);

		memset(row, 0, sizeof(*row));
		row->line = reader->line;
		row->item_count = -1;
		if (!blank && !read_type_code(reader, field, row))
			return false;
		if (!read_amount(reader, "amount is not a whole number of minor units", &row->amount))
			return false;
		next_field(reader, &field);
		if (!slice_is_empty(field) && !slice_to_count(field, &row->item_count))
			return read_fault(reader, "item count is not a number", field);
		if (!read_funds(reader, row))
			return false;
		if (blank && row->amount.given)
			return read_fault(reader, "amount has no type code", slice_make(NULL, NULL));
		if (blank)
			continue;

		row->level = row->side == BAI2_NEITHER ? BAI2_STATUS : BAI2_SUMMARY;
		count_amount(reader, row);
		return true;
	}
	return false;
}

/* The rest of the record, from here to the end of its last continuation. */
static Slice
read_text(Bai2Reader *reader)
{
	Slice		text;

	while (reader->fields.start == NULL)
	{
		if (!continue_record(reader))
			return slice_make(NULL, NULL);
	}
	text = reader->fields;
	while (continue_record(reader))
	{
		if (reader->fields.start != NULL)
			text.end = reader->fields.end;
	}
	reader->fields.start = NULL;
	return text;
}

/* 16,type,amount,funds type,bank reference,customer reference,text */
static bool
read_transaction(Bai2Reader *reader, Bai2Row *row)
{
	Slice		field;

	memset(row, 0, sizeof(*row));
	next_field(reader, &field);
	row->line = reader->line;
	row->level = BAI2_DETAIL;
	row->item_count = -1;
	if (!read_type_code(reader, field, row) ||
		!read_amount(reader, "amount is not a whole number of minor units", &row->amount) ||
		!read_funds(reader, row))
		return false;
	next_field(reader, &row->bank_reference);
	next_field(reader, &row->customer_reference);
	row->text = read_text(reader);
	count_amount(reader, row);
	return true;
}

/*
 * 49,total,records  98,total,accounts,records  99,total,groups,records
 * `what` are the faults of this trailer: total, parts (NULL: has none), records.
 */
static bool
read_trailer(Bai2Reader *reader, const Bai2Control *control, const char *const *what)
{
	int			line = reader->line;
	FileAmount	total;
	Slice		field;
	int			parts = 0;
	int			records;

	if (!read_amount(reader, "control total is not a whole number", &total))
		return false;
	if (!total.given)
		return read_fault(reader, "control total is missing", slice_make(NULL, NULL));
	if (what[1] != NULL)
	{
		next_field(reader, &field);
		if (!slice_to_count(field, &parts))
			return read_fault(reader, "trailer's number of parts is not a number", field);
	}
	next_field(reader, &field);
	if (!slice_to_count(field, &records))
		return read_fault(reader, "trailer's number of records is not a number", field);
	skip_fields(reader);

	if (total.units != control->total)
		return fault_figures(&reader->fault, line, what[0],
							 total, amount_make(control->total, 0));
	if (what[1] != NULL && parts != control->parts)
		return fault_figures(&reader->fault, line, what[1],
							 amount_make(parts, 0), amount_make(control->parts, 0));
	if (records != control->records)
		return fault_figures(&reader->fault, line, what[2],
							 amount_make(records, 0), amount_make(control->records, 0));
	return true;
}

static void
start_control(Bai2Control *control, int records)
{
	control->total = 0;
	control->parts = 0;
	control->records = records;
}

static void
end_part(Bai2Control *whole, const Bai2Control *part)
{
	whole->total += part->total;
	whole->parts++;
}

/* What the reader waits for, when the file has ended or another record comes. */
static const char *
unfinished(Bai2State state)
{
	switch (state)
	{
		case BAI2_IN_FILE:
			return "file has no trailer (99)";
		case BAI2_IN_GROUP:
			return "group has no trailer (98)";
		case BAI2_IN_ACCOUNT:
			return "account has no trailer (49)";
		default:
			return "file does not begin with a file header (01)";
	}
}

/* Take the next record in; *has_row: it is a transaction, and in *row. */
static bool
read_record(Bai2Reader *reader, Slice line, Slice rest, int number,
			Bai2Row *row, bool *has_row)
{
	static const char *const of_account[] = {
		"account control total is wrong", NULL,
	"number of records in the account is wrong"};
	static const char *const of_group[] = {
		"group control total is wrong", "number of accounts in the group is wrong",
	"number of records in the group is wrong"};
	static const char *const of_file[] = {
		"file control total is wrong", "number of groups in the file is wrong",
	"number of records in the file is wrong"};
	Bai2State	state = reader->state;

	*has_row = false;
	take_line(reader, line, rest, number);

	if (state == BAI2_OUTSIDE && is_record(line, "01"))
	{
		start_control(&reader->file, 1);
		reader->state = BAI2_IN_FILE;
		if (!read_file_header(reader))
			return false;
		skip_fields(reader);
		return true;
	}
	if (state == BAI2_IN_FILE && is_record(line, "02"))
	{
		start_control(&reader->group, 1);
		reader->state = BAI2_IN_GROUP;
		if (!read_group_header(reader))
			return false;
		skip_fields(reader);
		return true;
	}
	if (state == BAI2_IN_GROUP && is_record(line, "03"))
	{
		start_control(&reader->account, 1);
		reader->state = BAI2_IN_ACCOUNT;
		reader->in_summaries = true;
		return read_account_header(reader);
	}
	if (state == BAI2_IN_ACCOUNT && is_record(line, "16"))
	{
		*has_row = true;
		return read_transaction(reader, row);
	}
	if (state == BAI2_IN_ACCOUNT && is_record(line, "49"))
	{
		reader->state = BAI2_IN_GROUP;
		end_part(&reader->group, &reader->account);
		return read_trailer(reader, &reader->account, of_account);
	}
	if (state == BAI2_IN_GROUP && is_record(line, "98"))
	{
		reader->state = BAI2_IN_FILE;
		end_part(&reader->file, &reader->group);
		return read_trailer(reader, &reader->group, of_group);
	}
	if (state == BAI2_IN_FILE && is_record(line, "99"))
	{
		reader->state = BAI2_OUTSIDE;
		return read_trailer(reader, &reader->file, of_file);
	}

	if (!is_record(line, "01") && !is_record(line, "02") && !is_record(line, "03") &&
		!is_record(line, "16") && !is_record(line, "49") && !is_record(line, "88") &&
		!is_record(line, "98") && !is_record(line, "99"))
		return read_fault(reader, "unknown record", line);
	if (state == BAI2_IN_ACCOUNT || state == BAI2_OUTSIDE ||
		(state == BAI2_IN_GROUP && (is_record(line, "02") || is_record(line, "99"))) ||
		(state == BAI2_IN_FILE && is_record(line, "01")))
		return read_fault(reader, unfinished(state), line);
	return read_fault(reader, state == BAI2_IN_GROUP ?
					  "record belongs to an account (03)" : "record belongs to a group (02)",
					  line);
}

bool
bai2_next(Bai2Reader *reader, Bai2Row *row)
{
	Slice		line;
	Slice		rest;
	int			number;
	bool		has_row;

	for (;;)
	{
		if (reader->fault.problem != NULL)
			return false;

		if (reader->in_summaries)
		{
			if (read_summary(reader, row))
				return true;
			reader->in_summaries = false;
			continue;
		}

		if (!peek_line(reader, &line, &rest, &number))
		{
			if (reader->line == 0)
				fault_at(&reader->fault, 1, "file is empty", slice_make(NULL, NULL));
			else if (reader->state != BAI2_OUTSIDE)
				fault_at(&reader->fault, reader->line, unfinished(reader->state),
						 slice_make(NULL, NULL));
			return false;
		}
		if (read_record(reader, line, rest, number, row, &has_row) && has_row)
			return true;
	}
}

Size
bai2_text(Slice text, char *out)
{
	char	   *p = out;
	Slice		line;
	bool		first = true;

	while (slice_cut(&text, '\n', &line))
	{
		line = slice_trim(line);
		if (!first)
		{
			if (slice_is_empty(line))
				continue;
			line.start += Min(slice_len(line), 3);	/* 88 and its comma */
		}
		first = false;
		if (!slice_is_empty(line) && line.end[-1] == '/')
			line.end--;
		line = slice_trim(line);
		if (slice_is_empty(line))
			continue;
		if (p > out)
			*p++ = ' ';
		memcpy(p, line.start, slice_len(line));
		p += slice_len(line);
	}
	return p - out;
}
