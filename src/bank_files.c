/*
 * bank_files.c
 *		Bank files as rows: the SQL side of bai2.c, x12.c and remittance_csv.c.
 *
 * Rows are made while the file is read, but none leaves before the whole file
 * has proved sound: an error takes them all away.
 */
#include "cc_compat.h"

#include "bai2.h"
#include "currency.h"
#include "money.h"
#include "remittance_csv.h"
#include "x12.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#define MAX_ROW_COLUMNS 32
#define MAX_QUOTED 60			/* bytes of the file that an error shows */

/* A row in the making: columns in the order of the function's result. */
typedef struct RowMaker
{
	ReturnSetInfo *rsinfo;
	MemoryContext context;		/* of one row */
	int			ncolumns;
	Datum		values[MAX_ROW_COLUMNS];
	bool		nulls[MAX_ROW_COLUMNS];
} RowMaker;

static void
start_rows(RowMaker *maker, FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	maker->rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	maker->context = AllocSetContextCreate(CurrentMemoryContext, "bank file row",
										   ALLOCSET_DEFAULT_SIZES);
	maker->ncolumns = 0;
}

static void
put_datum(RowMaker *maker, Datum value, bool isnull)
{
	Assert(maker->ncolumns < MAX_ROW_COLUMNS);
	maker->values[maker->ncolumns] = value;
	maker->nulls[maker->ncolumns++] = isnull;
}

static void
put_null(RowMaker *maker)
{
	put_datum(maker, (Datum) 0, true);
}

static void
put_int(RowMaker *maker, int value)
{
	put_datum(maker, Int32GetDatum(value), false);
}

static Datum
slice_datum(Slice slice)
{
	return PointerGetDatum(cstring_to_text_with_len(slice.start, slice_len(slice)));
}

/* What is blank in a file is NULL in a row. */
static void
put_text(RowMaker *maker, Slice slice)
{
	if (slice_is_empty(slice))
		put_null(maker);
	else
		put_datum(maker, slice_datum(slice), false);
}

static void
put_constant(RowMaker *maker, const char *text)
{
	if (text == NULL)
		put_null(maker);
	else
		put_datum(maker, CStringGetTextDatum(text), false);
}

static void
put_date(RowMaker *maker, FileDate date)
{
	if (date.year == 0)
		put_null(maker);
	else
		put_datum(maker, DateADTGetDatum(date2j(date.year, date.month, date.day) -
										 POSTGRES_EPOCH_JDATE), false);
}

static void
put_units(RowMaker *maker, int128 units, int scale)
{
	put_datum(maker, money_to_numeric(units, scale), false);
}

static void
finish_row(RowMaker *maker)
{
	Assert(maker->ncolumns == maker->rsinfo->setDesc->natts);
	tuplestore_putvalues(maker->rsinfo->setResult, maker->rsinfo->setDesc,
						 maker->values, maker->nulls);
	maker->ncolumns = 0;
	MemoryContextReset(maker->context);
}

/* Whole characters, and no more than an error should show. */
static char *
quotable(Slice slice)
{
	int			len = pg_mbcliplen(slice.start, slice_len(slice), MAX_QUOTED);

	return psprintf("%s%s", pnstrdup(slice.start, len),
					len < (int) slice_len(slice) ? "..." : "");
}

/* Where in the file, as "Line 3, column "Amount"" or "Segment 7 (RMR), element 4". */
static char *
place_text(const FileFault *fault, bool segments)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %d", segments ? "Segment" : "Line", fault->place);
	if (!slice_is_empty(fault->name))
		appendStringInfo(&text, segments ? " (%s)" : ", column \"%s\"", quotable(fault->name));
	if (fault->element > 0)
		appendStringInfo(&text, ", element %d", fault->element);
	return text.data;
}

/* Decimals but for the zeros at the end. */
static int
significant_scale(FileAmount amount)
{
	while (amount.scale > 0 && amount.units % 10 == 0)
	{
		amount.units /= 10;
		amount.scale--;
	}
	return amount.scale;
}

/* Both figures with as many decimals as they need to be told apart. */
static char *
figures_text(const FileFault *fault)
{
	int			scale = Max(significant_scale(fault->stated), significant_scale(fault->counted));
	int128		below = 1;

	for (int i = scale; i < FILE_MAX_SCALE; i++)
		below *= 10;
	return psprintf("the file says %s, but has %s",
					money_out(amount_units(&fault->stated) / below, scale),
					money_out(amount_units(&fault->counted) / below, scale));
}

static void
raise_fault(const FileFault *fault, const char *format, bool segments)
{
	char	   *place = place_text(fault, segments);

	ereport(ERROR,
			(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
			 errmsg("invalid %s: %s", format, fault->problem),
			 fault->has_figures ?
			 errdetail("%s: %s.", place, figures_text(fault)) :
			 slice_is_empty(fault->found) ? errdetail("%s.", place) :
			 errdetail("%s: \"%s\".", place, quotable(fault->found)),
			 errhint("No row of the file was read. Ask the sender for a sound one.")));
}

/* `place` 0: the currency is no part of the file. */
static int
minor_unit_of(Slice currency, int place, bool segments)
{
	int			minor_unit = currency_minor_unit(currency.start, slice_len(currency));

	if (minor_unit < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown currency code \"%s\"", quotable(currency)),
				 place > 0 ? errdetail("%s %d.", segments ? "Segment" : "Line", place) : 0,
				 errhint("Use a three-letter code of ISO 4217, such as USD.")));
	return minor_unit;
}

/*
 * Bring an amount to the decimals of its currency, if that is known (0 or
 * more); false if it has more.
 */
static bool
fit_scale(FileAmount *amount, int minor_unit)
{
	if (!amount->given || minor_unit < 0)
		return true;
	while (amount->scale > minor_unit && amount->units % 10 == 0)
	{
		amount->units /= 10;
		amount->scale--;
	}
	for (; amount->scale < minor_unit; amount->scale++)
		amount->units *= 10;
	return amount->scale == minor_unit;
}

static void
put_amount(RowMaker *maker, const FileAmount *amount)
{
	if (amount->given)
		put_units(maker, amount->units, amount->scale);
	else
		put_null(maker);
}

static void
put_bai2_availability(RowMaker *maker, const Bai2Row *row, int minor_unit)
{
	Datum		days[BAI2_MAX_DISTRIBUTIONS];
	Datum		amounts[BAI2_MAX_DISTRIBUTIONS];

	if (row->funds_type != 0)
		put_text(maker, slice_make(&row->funds_type, &row->funds_type + 1));
	else
		put_null(maker);
	if (row->has_availability)
	{
		put_units(maker, row->immediate, minor_unit);
		put_units(maker, row->one_day, minor_unit);
		put_units(maker, row->two_day, minor_unit);
	}
	else
	{
		put_null(maker);
		put_null(maker);
		put_null(maker);
	}
	put_date(maker, row->value_date);

	if (row->funds_type != 'D')
	{
		put_null(maker);
		put_null(maker);
		return;
	}
	for (int i = 0; i < row->ndistributions; i++)
	{
		days[i] = Int32GetDatum(row->days[i]);
		amounts[i] = money_to_numeric(row->amounts[i], minor_unit);
	}
	put_datum(maker, PointerGetDatum(construct_array(days, row->ndistributions, INT4OID,
													 sizeof(int32), true, TYPALIGN_INT)), false);
	put_datum(maker, PointerGetDatum(construct_array(amounts, row->ndistributions, NUMERICOID,
													 -1, false, TYPALIGN_INT)), false);
}

static void
make_bai2_row(RowMaker *maker, const Bai2Reader *reader, const Bai2Row *row)
{
	static const char *const levels[] = {"status", "summary", "detail"};
	static const char *const sides[] = {NULL, "credit", "debit"};
	int			minor_unit = minor_unit_of(reader->currency, row->line, false);
	char	   *text = palloc(slice_len(row->text) + 1);

	put_text(maker, reader->file_id);
	put_text(maker, reader->sender);
	put_text(maker, reader->receiver);
	put_date(maker, reader->created);
	put_text(maker, reader->group_receiver);
	put_text(maker, reader->originator);
	put_int(maker, *reader->group_status.start - '0');
	put_date(maker, reader->as_of);
	put_text(maker, reader->as_of_time);
	put_text(maker, reader->account_no);
	put_text(maker, reader->currency);
	put_text(maker, row->type_code);
	put_constant(maker, levels[row->level]);
	put_constant(maker, sides[row->side]);
	if (row->amount.given)
		put_units(maker, row->amount.units, minor_unit);
	else
		put_null(maker);
	if (row->item_count >= 0)
		put_int(maker, row->item_count);
	else
		put_null(maker);
	put_bai2_availability(maker, row, minor_unit);
	put_text(maker, row->bank_reference);
	put_text(maker, row->customer_reference);
	put_text(maker, slice_make(text, text + bai2_text(row->text, text)));
	put_int(maker, row->line);
	finish_row(maker);
}

PG_FUNCTION_INFO_V1(cc_read_bai2);
Datum
cc_read_bai2(PG_FUNCTION_ARGS)
{
	text	   *data = PG_GETARG_TEXT_PP(0);
	RowMaker	maker;
	MemoryContext caller;
	Bai2Reader	reader;
	Bai2Row		row;

	start_rows(&maker, fcinfo);
	bai2_start(&reader, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
	caller = MemoryContextSwitchTo(maker.context);
	while (bai2_next(&reader, &row))
	{
		CHECK_FOR_INTERRUPTS();
		make_bai2_row(&maker, &reader, &row);
	}
	MemoryContextSwitchTo(caller);
	if (reader.fault.problem != NULL)
		raise_fault(&reader.fault, "BAI2 file", false);
	PG_RETURN_NULL();
}

/* "PO:4711" for each REF of a line; NULL if it has none. */
static void
put_references(RowMaker *maker, const X12Reader *reader, const X12Row *row)
{
	ArrayBuildState *array = NULL;
	Slice		details = row->details;
	Slice		qualifier;
	Slice		reference;

	while (x12_next_reference(reader, &details, &qualifier, &reference))
	{
		StringInfoData text;

		CHECK_FOR_INTERRUPTS();
		initStringInfo(&text);
		appendBinaryStringInfo(&text, qualifier.start, slice_len(qualifier));
		appendStringInfoChar(&text, ':');
		appendBinaryStringInfo(&text, reference.start, slice_len(reference));
		array = accumArrayResult(array, CStringGetTextDatum(text.data), false,
								 TEXTOID, CurrentMemoryContext);
		pfree(text.data);
	}
	if (array != NULL)
		put_datum(maker, makeArrayResult(array, CurrentMemoryContext), false);
	else
		put_null(maker);
}

static void
make_x12_row(RowMaker *maker, const X12Reader *reader, X12Row *row)
{
	static const char *const kinds[] = {"payment", "remittance", "adjustment", "free adjustment"};
	X12Payment	payment = reader->payment;
	int			minor_unit = slice_is_empty(payment.currency) ? -1 :
		minor_unit_of(payment.currency, row->place, true);
	FileAmount	none = {0};
	FileAmount *part = row->kind == X12_REMITTANCE ? &row->paid :
		row->kind == X12_FREE_ADJUSTMENT ? &row->adjustment : &none;

	if (!fit_scale(&payment.amount, minor_unit) || !fit_scale(&row->paid, minor_unit) ||
		!fit_scale(&row->invoice, minor_unit) || !fit_scale(&row->discount, minor_unit) ||
		!fit_scale(&row->adjustment, minor_unit))
	{
		FileFault	fault;

		fault_at(&fault, row->place, "amount has more decimals than its currency", payment.currency);
		raise_fault(&fault, "X12 820 file", true);
	}

	put_text(maker, reader->sender);
	put_text(maker, reader->receiver);
	put_text(maker, reader->interchange_control);
	put_text(maker, payment.set_control);
	put_text(maker, payment.trace);
	put_amount(maker, &payment.amount);
	put_constant(maker, slice_is(payment.credit_debit, "C") ? "credit" :
				 slice_is(payment.credit_debit, "D") ? "debit" : NULL);
	put_text(maker, payment.currency);
	put_date(maker, payment.date);
	put_text(maker, payment.method);
	put_text(maker, payment.payer_name);
	put_text(maker, payment.payer_id);
	put_text(maker, payment.payee_name);
	put_text(maker, payment.payee_id);
	put_text(maker, row->entity);
	put_int(maker, row->line_no);
	put_constant(maker, kinds[row->kind]);
	put_text(maker, row->reference_qualifier);
	put_text(maker, row->reference);
	put_date(maker, row->document_date);
	put_amount(maker, &row->paid);
	put_amount(maker, &row->invoice);
	put_amount(maker, &row->discount);
	put_amount(maker, &row->adjustment);
	put_text(maker, row->adjustment_reason);
	put_text(maker, row->adjustment_qualifier);
	put_text(maker, row->adjustment_reference);
	put_units(maker, part->units, part->scale);
	put_references(maker, reader, row);
	put_int(maker, row->place);
	finish_row(maker);
}

PG_FUNCTION_INFO_V1(cc_read_x12_820);
Datum
cc_read_x12_820(PG_FUNCTION_ARGS)
{
	text	   *data = PG_GETARG_TEXT_PP(0);
	RowMaker	maker;
	MemoryContext caller;
	X12Reader	reader;
	X12Row		row;

	start_rows(&maker, fcinfo);
	x12_start(&reader, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
	caller = MemoryContextSwitchTo(maker.context);
	while (x12_next(&reader, &row))
	{
		CHECK_FOR_INTERRUPTS();
		make_x12_row(&maker, &reader, &row);
	}
	MemoryContextSwitchTo(caller);
	if (reader.fault.problem != NULL)
		raise_fault(&reader.fault, "X12 820 file", true);
	PG_RETURN_NULL();
}

static void
put_csv_text(RowMaker *maker, Slice field)
{
	char	   *text = palloc(slice_len(field) + 1);

	put_text(maker, slice_trim(slice_make(text, text + csv_text(field, text))));
}

/* Sums to compare with the totals that the payer gives. */
typedef struct CsvSum
{
	int128		paid;			/* at FILE_MAX_SCALE */
	char		currency[4];	/* of the first record */
	bool		mixed;			/* there are several currencies: nothing adds up */
	bool		any;
} CsvSum;

static void
add_to_sum(CsvSum *sum, const CsvRow *row)
{
	char		currency[4] = "";

	memcpy(currency, row->currency.start ? row->currency.start : "",
		   slice_len(row->currency));
	if (!sum->any)
		memcpy(sum->currency, currency, sizeof(currency));
	else if (strcmp(sum->currency, currency) != 0)
		sum->mixed = true;
	sum->any = true;
	sum->paid += amount_units(&row->paid);
}

static void
check_sum(CsvReader *reader, const CsvSum *sum, const CsvRow *row, FileAmount stated)
{
	if (sum->mixed)
		csv_fault(reader, row, CSV_PAID, "records of several currencies have no total",
				  slice_make(NULL, NULL));
	else if (amount_units(&stated) != sum->paid)
	{
		csv_fault(reader, row, CSV_PAID, "amounts paid do not add up to the total",
				  slice_make(NULL, NULL));
		reader->fault.has_figures = true;
		reader->fault.stated = stated;
		reader->fault.counted = amount_make(sum->paid, FILE_MAX_SCALE);
	}
}

static void
make_csv_row(RowMaker *maker, CsvReader *reader, CsvRow *row)
{
	int			minor_unit = slice_is_empty(row->currency) ? -1 :
		minor_unit_of(row->currency, row->line, false);

	if (!fit_scale(&row->paid, minor_unit))
		csv_fault(reader, row, CSV_PAID, "amount has more decimals than its currency", row->currency);
	else if (!fit_scale(&row->invoice, minor_unit))
		csv_fault(reader, row, CSV_INVOICE, "amount has more decimals than its currency", row->currency);
	else if (!fit_scale(&row->discount, minor_unit))
		csv_fault(reader, row, CSV_DISCOUNT, "amount has more decimals than its currency", row->currency);
	else if (!fit_scale(&row->deduction, minor_unit))
		csv_fault(reader, row, CSV_DEDUCTION, "amount has more decimals than its currency", row->currency);
	if (reader->fault.problem != NULL)
		return;

	put_int(maker, row->line);
	put_csv_text(maker, row->reference);
	put_text(maker, row->currency);
	put_amount(maker, &row->paid);
	put_amount(maker, &row->invoice);
	put_amount(maker, &row->discount);
	put_amount(maker, &row->deduction);
	put_csv_text(maker, row->reason);
	finish_row(maker);
}

/* One character out of an option; `name` is the option's. */
static char
option_character(text *value, const char *name, const char *allowed)
{
	char	   *string = text_to_cstring(value);

	if (strcmp(string, "\\t") == 0 || strcmp(string, "tab") == 0)
		string = "\t";
	if (strlen(string) != 1 || strchr(allowed, *string) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid %s \"%s\"", name, text_to_cstring(value)),
				 strcmp(name, "delimiter") == 0 ?
				 errhint("Use a comma, a semicolon, a vertical bar or \"tab\"; NULL looks at the header.") :
				 errhint("Use a point or a comma.")));
	return *string;
}

PG_FUNCTION_INFO_V1(cc_read_remittance_csv);
Datum
cc_read_remittance_csv(PG_FUNCTION_ARGS)
{
	text	   *data;
	char		delimiter = 0;
	char		decimal_mark;
	Slice		currency = {NULL, NULL};
	RowMaker	maker;
	MemoryContext caller;
	CsvReader	reader;
	CsvRow		row = {0};
	CsvSum		sum = {0};

	start_rows(&maker, fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	data = PG_GETARG_TEXT_PP(0);
	if (!PG_ARGISNULL(1))
		delimiter = option_character(PG_GETARG_TEXT_PP(1), "delimiter", ",;|\t");
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("decimal_mark must not be null")));
	decimal_mark = option_character(PG_GETARG_TEXT_PP(2), "decimal_mark", ".,");
	if (!PG_ARGISNULL(3))
	{
		text	   *code = PG_GETARG_TEXT_PP(3);

		currency = slice_make(VARDATA_ANY(code), VARDATA_ANY(code) + VARSIZE_ANY_EXHDR(code));
		minor_unit_of(currency, 0, false);
	}

	csv_start(&reader, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), delimiter, decimal_mark);
	caller = MemoryContextSwitchTo(maker.context);
	while (csv_next(&reader, &row))
	{
		CHECK_FOR_INTERRUPTS();
		if (row.is_total)
		{
			check_sum(&reader, &sum, &row, row.paid);
			continue;
		}
		if (slice_is_empty(row.currency))
			row.currency = currency;
		make_csv_row(&maker, &reader, &row);
		add_to_sum(&sum, &row);
	}
	MemoryContextSwitchTo(caller);

	if (reader.fault.problem == NULL && !PG_ARGISNULL(4))
		check_sum(&reader, &sum, &row,
				  amount_make(money_units(PG_GETARG_DATUM(4), FILE_MAX_SCALE, "total"),
							  FILE_MAX_SCALE));
	if (reader.fault.problem != NULL)
		raise_fault(&reader.fault, "remittance CSV", false);
	PG_RETURN_NULL();
}
