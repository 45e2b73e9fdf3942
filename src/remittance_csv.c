/*
 * remittance_csv.c
 *		Reading a payer's remittance advice as CSV (RFC 4180) with a header line.
 *
 * Columns are known by their names, in any order; those with other names are
 * passed over.  A document reference and an amount paid must be among them.
 */
#include "cc_compat.h"

#include "remittance_csv.h"

#define NO_SLICE slice_make(NULL, NULL)

/* Names are compared by their letters and digits, in lower case. */
#define MAX_NAME 24

typedef struct ColumnName
{
	const char *name;
	CsvRole		role;
	bool		vague;			/* gives way to a column with a plainer name */
} ColumnName;

static const ColumnName column_names[] = {
	{"invoice", CSV_REFERENCE, false},
	{"invoiceno", CSV_REFERENCE, false},
	{"invoicenr", CSV_REFERENCE, false},
	{"invoicenum", CSV_REFERENCE, false},
	{"invoicenumber", CSV_REFERENCE, false},
	{"invoiceid", CSV_REFERENCE, false},
	{"invoicereference", CSV_REFERENCE, false},
	{"inv", CSV_REFERENCE, false},
	{"invno", CSV_REFERENCE, false},
	{"document", CSV_REFERENCE, false},
	{"documentno", CSV_REFERENCE, false},
	{"documentnumber", CSV_REFERENCE, false},
	{"documentreference", CSV_REFERENCE, false},
	{"docno", CSV_REFERENCE, false},
	{"docnumber", CSV_REFERENCE, false},
	{"bill", CSV_REFERENCE, false},
	{"billno", CSV_REFERENCE, false},
	{"billnumber", CSV_REFERENCE, false},
	{"reference", CSV_REFERENCE, true},
	{"referenceno", CSV_REFERENCE, true},
	{"referencenumber", CSV_REFERENCE, true},
	{"ref", CSV_REFERENCE, true},
	{"refno", CSV_REFERENCE, true},
	{"rechnung", CSV_REFERENCE, false},
	{"rechnungsnr", CSV_REFERENCE, false},
	{"rechnungsnummer", CSV_REFERENCE, false},
	{"beleg", CSV_REFERENCE, false},
	{"belegnr", CSV_REFERENCE, false},
	{"belegnummer", CSV_REFERENCE, false},
	{"facture", CSV_REFERENCE, false},
	{"factura", CSV_REFERENCE, false},

	{"amount", CSV_PAID, true},
	{"amountpaid", CSV_PAID, false},
	{"paid", CSV_PAID, false},
	{"paidamount", CSV_PAID, false},
	{"payment", CSV_PAID, true},
	{"paymentamount", CSV_PAID, false},
	{"amountremitted", CSV_PAID, false},
	{"remitted", CSV_PAID, false},
	{"remittedamount", CSV_PAID, false},
	{"net", CSV_PAID, true},
	{"netamount", CSV_PAID, false},
	{"netpaid", CSV_PAID, false},
	{"betrag", CSV_PAID, true},
	{"zahlbetrag", CSV_PAID, false},
	{"montant", CSV_PAID, true},
	{"importe", CSV_PAID, true},

	{"invoiceamount", CSV_INVOICE, false},
	{"gross", CSV_INVOICE, true},
	{"grossamount", CSV_INVOICE, false},
	{"originalamount", CSV_INVOICE, false},
	{"documentamount", CSV_INVOICE, false},
	{"billamount", CSV_INVOICE, false},
	{"rechnungsbetrag", CSV_INVOICE, false},
	{"brutto", CSV_INVOICE, false},

	{"discount", CSV_DISCOUNT, false},
	{"discountamount", CSV_DISCOUNT, false},
	{"discounttaken", CSV_DISCOUNT, false},
	{"cashdiscount", CSV_DISCOUNT, false},
	{"skonto", CSV_DISCOUNT, false},
	{"skontobetrag", CSV_DISCOUNT, false},
	{"escompte", CSV_DISCOUNT, false},

	{"deduction", CSV_DEDUCTION, false},
	{"deductionamount", CSV_DEDUCTION, false},
	{"deducted", CSV_DEDUCTION, false},
	{"adjustment", CSV_DEDUCTION, true},
	{"adjustmentamount", CSV_DEDUCTION, false},
	{"chargeback", CSV_DEDUCTION, false},
	{"shortpayment", CSV_DEDUCTION, false},
	{"shortpay", CSV_DEDUCTION, false},
	{"abzug", CSV_DEDUCTION, false},

	{"reason", CSV_REASON, true},
	{"reasoncode", CSV_REASON, false},
	{"deductionreason", CSV_REASON, false},
	{"deductioncode", CSV_REASON, false},
	{"adjustmentreason", CSV_REASON, false},
	{"grund", CSV_REASON, false},

	{"currency", CSV_CURRENCY, false},
	{"currencycode", CSV_CURRENCY, false},
	{"curr", CSV_CURRENCY, false},
	{"ccy", CSV_CURRENCY, false},
	{"devise", CSV_CURRENCY, false},
};

/* How payers head the line below the last document. */
static const char *const total_names[] = {"total", "totals", "grandtotal", "sum", "summe", "gesamt"};

static bool
is_quoted(Slice field)
{
	return !slice_is_empty(field) && *field.start == '"';
}

Size
csv_text(Slice field, char *out)
{
	char	   *p = out;

	if (!is_quoted(field))
	{
		if (!slice_is_empty(field))
			memcpy(out, field.start, slice_len(field));
		return slice_len(field);
	}
	/* Between the quotes, two quotes stand for one. */
	for (const char *c = field.start + 1; c < field.end - 1; c++)
	{
		*p++ = *c;
		if (*c == '"')
			c++;
	}
	return p - out;
}

/* A field of at most MAX_NAME letters and digits, as names are compared; "" if it has more. */
static void
plain_name(Slice field, char *name)
{
	int			len = 0;

	for (const char *p = field.start; p < field.end; p++)
	{
		char		c = *p;

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c & 0x80))
			continue;
		if (len == MAX_NAME)
		{
			len = 0;
			break;
		}
		name[len++] = c;
	}
	name[len] = '\0';
}

/* Without the quotes, for what has none inside. */
static Slice
unquoted(Slice field)
{
	if (is_quoted(field))
		field = slice_make(field.start + 1, field.end - 1);
	return slice_trim(field);
}

static bool
field_fault(CsvReader *reader, int line, int column, const char *problem, Slice found)
{
	fault_at(&reader->fault, line, problem, found);
	if (column >= 0 && column < reader->ncolumns)
		reader->fault.name = unquoted(reader->names[column]);
	return false;
}

bool
csv_fault(CsvReader *reader, const CsvRow *row, CsvRole role,
		  const char *problem, Slice found)
{
	return field_fault(reader, row->line, reader->column_of[role], problem, found);
}

/*
 * Read a quoted field; *p stands on its opening quote and is moved behind the
 * closing one.  False if it has none.
 */
static bool
read_quoted(const char **p, const char *end, int *lines)
{
	const char *c = *p + 1;

	for (; c < end; c++)
	{
		if (*c == '\n')
			(*lines)++;
		if (*c != '"')
			continue;
		if (c + 1 < end && c[1] == '"')
			c++;
		else
		{
			*p = c + 1;
			return true;
		}
	}
	return false;
}

/*
 * Split the next record into at most CSV_MAX_COLUMNS fields, trimmed, quotes
 * kept.  A record of blanks alone has one field, which is blank.
 */
static bool
read_record(CsvReader *reader, Slice *fields, int *nfields, int *line)
{
	const char *p = reader->rest.start;
	const char *end = reader->rest.end;

	*line = reader->line;
	*nfields = 0;
	for (;;)
	{
		Slice		field;

		if (*nfields == CSV_MAX_COLUMNS)
			return field_fault(reader, *line, -1, "record has more than 256 columns", NO_SLICE);

		while (p < end && (*p == ' ' || (*p == '\t' && reader->delimiter != '\t')))
			p++;
		field.start = p;
		if (p < end && *p == '"')
		{
			if (!read_quoted(&p, end, &reader->line))
				return field_fault(reader, *line, *nfields, "quote is not closed",
								   slice_make(field.start, Min(end, field.start + 40)));
			field.end = p;
			while (p < end && (*p == ' ' || *p == '\r' ||
							   (*p == '\t' && reader->delimiter != '\t')))
				p++;
			if (p < end && *p != reader->delimiter && *p != '\n')
				return field_fault(reader, reader->line, *nfields,
								   "text follows a closing quote",
								   slice_make(field.start, Min(end, p + 20)));
		}
		else
		{
			while (p < end && *p != reader->delimiter && *p != '\n')
				p++;
			field.end = p;
			field = slice_trim(field);
		}
		fields[(*nfields)++] = field;

		if (p >= end || *p == '\n')
			break;
		p++;
	}
	reader->line++;
	reader->rest.start = Min(p + 1, end);
	return true;
}

static char
detect_delimiter(Slice header)
{
	static const char candidates[] = {',', ';', '\t'};
	int			counts[lengthof(candidates)] = {0};
	int			best = 0;
	bool		quoted = false;

	for (const char *p = header.start; p < header.end && (quoted || *p != '\n'); p++)
	{
		if (*p == '"')
			quoted = !quoted;
		for (size_t i = 0; i < lengthof(candidates) && !quoted; i++)
			counts[i] += (*p == candidates[i]);
	}
	for (size_t i = 1; i < lengthof(candidates); i++)
	{
		if (counts[i] > counts[best])
			best = i;
	}
	return candidates[best];
}

static bool
read_header(CsvReader *reader)
{
	int			line;
	bool		vague[CSV_NROLES] = {false};

	if (!read_record(reader, reader->names, &reader->ncolumns, &line))
		return false;

	for (int column = 0; column < reader->ncolumns; column++)
	{
		char		name[MAX_NAME + 1];

		plain_name(reader->names[column], name);
		for (size_t i = 0; i < lengthof(column_names); i++)
		{
			CsvRole		role = column_names[i].role;

			if (strcmp(name, column_names[i].name) != 0 ||
				(reader->column_of[role] >= 0 && column_names[i].vague && !vague[role]))
				continue;
			if (reader->column_of[role] >= 0 && column_names[i].vague == vague[role])
				return field_fault(reader, line, column,
								   "two columns have the same meaning",
								   unquoted(reader->names[reader->column_of[role]]));
			reader->column_of[role] = column;
			vague[role] = column_names[i].vague;
		}
	}
	if (reader->column_of[CSV_REFERENCE] < 0)
		return field_fault(reader, line, -1, "no column of document references",
						   unquoted(reader->names[0]));
	if (reader->column_of[CSV_PAID] < 0)
		return field_fault(reader, line, -1, "no column of amounts paid",
						   unquoted(reader->names[0]));
	return true;
}

void
csv_start(CsvReader *reader, const char *text, Size len,
		  char delimiter, char decimal_mark)
{
	memset(reader, 0, sizeof(*reader));
	for (int role = 0; role < CSV_NROLES; role++)
		reader->column_of[role] = -1;
	reader->rest = slice_file(text, len);
	reader->line = 1;
	reader->decimal_mark = decimal_mark;
	if (slice_is_empty(reader->rest))
	{
		fault_at(&reader->fault, 1, "file is empty", NO_SLICE);
		return;
	}
	reader->delimiter = delimiter != 0 ? delimiter : detect_delimiter(reader->rest);
	read_header(reader);
}

/*
 * Read a number with its decimal mark; the other mark, a blank or an
 * apostrophe may set off the thousands, but only in threes: "1,50" is no 150.
 * Negative: -1, 1- or (1).
 */
static bool
parse_number(Slice text, char decimal_mark, FileAmount *amount)
{
	char		plain[1 + FILE_MAX_DIGITS + 1 + FILE_MAX_SCALE + 1];
	int			len = 0;
	char		group_mark = 0;
	int			group = 0;		/* digits since the last mark */
	bool		point = false;

	if (slice_len(text) >= 2 && *text.start == '(' && text.end[-1] == ')')
	{
		text = slice_make(text.start + 1, text.end - 1);
		plain[len++] = '-';
		if (*text.start == '-' || *text.start == '+')
			return false;
	}
	for (const char *p = text.start; p < text.end; p++)
	{
		if (is_digit(*p))
			group++;
		else if (*p == decimal_mark && !point)
		{
			if (group_mark && group != 3)
				return false;
			point = true;
			if (len < (int) sizeof(plain) - 1)
				plain[len++] = '.';
			continue;
		}
		else if (!point && (*p == (decimal_mark == '.' ? ',' : '.') || *p == ' ' || *p == '\''))
		{
			if ((group_mark && (*p != group_mark || group != 3)) || group < 1 || group > 3)
				return false;
			group_mark = *p;
			group = 0;
			continue;
		}
		else if (*p == '.' || (*p != '-' && *p != '+'))
			return false;
		if (len == (int) sizeof(plain) - 1)
			return false;
		plain[len++] = *p;
	}
	if (group_mark && !point && group != 3)
		return false;
	return slice_to_amount(slice_make(plain, plain + len), amount);
}

static Slice
field_of(const CsvReader *reader, const Slice *fields, int nfields, CsvRole role)
{
	int			column = reader->column_of[role];

	return column >= 0 && column < nfields ? fields[column] : NO_SLICE;
}

static bool
read_amount(CsvReader *reader, const Slice *fields, int nfields,
			const CsvRow *row, CsvRole role, FileAmount *amount)
{
	Slice		text = unquoted(field_of(reader, fields, nfields, role));

	memset(amount, 0, sizeof(*amount));
	if (slice_is_empty(text) || parse_number(text, reader->decimal_mark, amount))
		return true;
	return csv_fault(reader, row, role, "amount is not a number", text);
}

static bool
is_total(Slice reference)
{
	char		name[MAX_NAME + 1];

	plain_name(reference, name);
	for (size_t i = 0; i < lengthof(total_names); i++)
	{
		if (strcmp(name, total_names[i]) == 0)
			return true;
	}
	return false;
}

static bool
all_blank(const Slice *fields, int from, int nfields)
{
	for (int i = from; i < nfields; i++)
	{
		if (!slice_is_empty(unquoted(fields[i])))
			return false;
	}
	return true;
}

bool
csv_next(CsvReader *reader, CsvRow *row)
{
	Slice		fields[CSV_MAX_COLUMNS];
	int			nfields;

	do
	{
		if (reader->fault.problem != NULL)
			return false;
		if (slice_is_empty(reader->rest))
			return reader->any_record ? false :
				field_fault(reader, reader->line, -1, "file has no records", NO_SLICE);
		memset(row, 0, sizeof(*row));
		if (!read_record(reader, fields, &nfields, &row->line))
			return false;
	} while (all_blank(fields, 0, nfields));

	if (reader->after_total)
		return field_fault(reader, row->line, -1, "record follows the total", NO_SLICE);

	reader->any_record = true;
	row->reference = field_of(reader, fields, nfields, CSV_REFERENCE);
	row->is_total = reader->after_total = is_total(row->reference);

	/* Spreadsheets add blank columns on the right, and leave out those of a total. */
	if ((nfields < reader->ncolumns && !row->is_total) ||
		!all_blank(fields, Min(reader->ncolumns, nfields), nfields))
		return fault_figures(&reader->fault, row->line,
							 "record has not as many columns as the header",
							 amount_make(reader->ncolumns, 0), amount_make(nfields, 0));

	if (!read_amount(reader, fields, nfields, row, CSV_PAID, &row->paid) ||
		!read_amount(reader, fields, nfields, row, CSV_INVOICE, &row->invoice) ||
		!read_amount(reader, fields, nfields, row, CSV_DISCOUNT, &row->discount) ||
		!read_amount(reader, fields, nfields, row, CSV_DEDUCTION, &row->deduction))
		return false;
	row->reason = field_of(reader, fields, nfields, CSV_REASON);
	row->currency = unquoted(field_of(reader, fields, nfields, CSV_CURRENCY));

	if (slice_is_empty(unquoted(row->reference)))
		return csv_fault(reader, row, CSV_REFERENCE, "document reference is missing", NO_SLICE);
	if (!row->paid.given)
		return csv_fault(reader, row, CSV_PAID, "amount paid is missing", NO_SLICE);
	return true;
}
