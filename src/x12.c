/*
 * x12.c
 *		Reading ASC X12 820, payment order and remittance advice.
 *
 *	ISA interchange  GS group  ST transaction set (a payment)  SE GE IEA trailers
 *
 * A set has a heading (BPR amount and method, TRN trace, CUR, DTM, N1 parties)
 * and ENT loops of RMR (one remitted document) and ADX (an adjustment).
 *
 * A set is read twice: first to its end, to verify its trailer and that its
 * lines make the payment, then line by line.
 */
#include "cc_compat.h"

#include "x12.h"

#define NO_SLICE slice_make(NULL, NULL)

static bool
is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static bool
segment_is(const X12Segment *segment, const char *name)
{
	return slice_is(segment->name, name);
}

/* The element, trimmed; blank if the segment is shorter. */
static Slice
element(const X12Segment *segment, int no)
{
	return no >= 1 && no <= segment->nelements ? segment->elements[no] : NO_SLICE;
}

static void
split_elements(Slice rest, char separator, X12Segment *segment)
{
	Slice		piece;

	segment->nelements = 0;
	slice_cut(&rest, separator, &segment->name);
	segment->name = slice_trim(segment->name);
	while (segment->nelements < X12_MAX_ELEMENTS && slice_cut(&rest, separator, &piece))
		segment->elements[++segment->nelements] = slice_trim(piece);
}

/* Line ends between segments only make the file readable. */
static void
skip_line_ends(X12Reader *reader)
{
	while (!slice_is_empty(reader->rest) &&
		   (is_line_end(*reader->rest.start) || is_blank(*reader->rest.start)))
		reader->rest.start++;
}

/* The next segment; false at the end, or where a terminator is missing. */
static bool
next_segment(X12Reader *reader, X12Segment *segment)
{
	Slice		rest;
	const char *end;

	skip_line_ends(reader);
	rest = reader->rest;
	if (slice_is_empty(rest))
		return false;

	end = memchr(rest.start, reader->terminator, slice_len(rest));
	if (end == NULL)
	{
		/* The end of the file is the end of its last line. */
		if (!is_line_end(reader->terminator))
		{
			fault_at(&reader->fault, reader->place + 1, "segment is not terminated", rest);
			return false;
		}
		end = rest.end;
	}
	segment->all = slice_make(rest.start, end);
	segment->place = ++reader->place;
	split_elements(segment->all, reader->element_separator, segment);
	reader->rest.start = Min(end + 1, rest.end);
	return true;
}

static bool
segment_fault(X12Reader *reader, const X12Segment *segment, int no, const char *problem)
{
	fault_at(&reader->fault, segment->place, problem, element(segment, no));
	reader->fault.name = segment->name;
	reader->fault.element = no;
	return false;
}

static bool
segment_figures(X12Reader *reader, const X12Segment *segment, int no,
				const char *problem, FileAmount stated, FileAmount counted)
{
	fault_figures(&reader->fault, segment->place, problem, stated, counted);
	reader->fault.name = segment->name;
	reader->fault.element = no;
	return false;
}

static bool
read_amount(X12Reader *reader, const X12Segment *segment, int no, FileAmount *amount)
{
	Slice		text = element(segment, no);

	memset(amount, 0, sizeof(*amount));
	if (slice_is_empty(text) || slice_to_amount(text, amount))
		return true;
	return segment_fault(reader, segment, no, "amount is not a decimal number");
}

static bool
read_date(X12Reader *reader, const X12Segment *segment, int no, FileDate *date)
{
	Slice		text = element(segment, no);

	if (slice_is_empty(text) || slice_to_date(text, date))
		return true;
	return segment_fault(reader, segment, no, "date is not a date");
}

/* A trailer's count, and its control number against the header's. */
static bool
check_trailer(X12Reader *reader, const X12Segment *segment, int counted,
			  const char *wrong_count, Slice control)
{
	int			stated;

	if (!slice_to_count(element(segment, 1), &stated))
		return segment_fault(reader, segment, 1, "count in the trailer is not a number");
	if (stated != counted)
		return segment_figures(reader, segment, 1, wrong_count,
							   amount_make(stated, 0), amount_make(counted, 0));
	if (!slice_equals(element(segment, 2), control))
		return segment_fault(reader, segment, 2,
							 "control number of the trailer is not that of the header");
	return true;
}

void
x12_start(X12Reader *reader, const char *text, Size len)
{
	memset(reader, 0, sizeof(*reader));
	reader->rest = slice_file(text, len);
}

static bool
is_separator(char c)
{
	return c != ' ' && !is_digit(c) &&
		!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

/*
 * An interchange brings its own separators: the element separator follows
 * "ISA", the component separator is the sixteenth element, and what follows
 * that is the segment terminator.
 */
static bool
read_interchange(X12Reader *reader)
{
	Slice		rest = reader->rest;
	const char *p;
	X12Segment	segment;

	if (slice_len(rest) < 4 || memcmp(rest.start, "ISA", 3) != 0)
		return fault_at(&reader->fault, reader->place + 1,
						"an interchange header (ISA) is expected",
						slice_make(rest.start, Min(rest.end, rest.start + 40)));
	reader->element_separator = rest.start[3];
	p = rest.start + 3;
	for (int no = 1; no < 16 && p != NULL; no++)
		p = memchr(p + 1, reader->element_separator, rest.end - (p + 1));
	if (p == NULL || rest.end - p < 3)
		return fault_at(&reader->fault, reader->place + 1,
						"interchange header (ISA) has not sixteen elements", NO_SLICE);
	reader->terminator = p[2];
	if (!is_separator(reader->element_separator) || !is_separator(reader->terminator) ||
		reader->terminator == reader->element_separator || p[1] == reader->terminator)
		return fault_at(&reader->fault, reader->place + 1,
						"separators of the interchange cannot be told apart",
						slice_make(p, p + 3));

	if (!next_segment(reader, &segment))
		return false;
	if (segment.nelements != 16)
		return fault_at(&reader->fault, segment.place,
						"interchange header (ISA) has not sixteen elements", NO_SLICE);
	reader->sender = element(&segment, 6);
	reader->receiver = element(&segment, 8);
	reader->interchange_control = element(&segment, 13);
	reader->ngroups = 0;
	reader->state = X12_IN_INTERCHANGE;
	return true;
}

static bool
read_party(const X12Segment *segment, X12Payment *payment)
{
	Slice		code = element(segment, 1);

	if (slice_is(code, "PR"))
	{
		payment->payer_name = element(segment, 2);
		payment->payer_id = element(segment, 4);
	}
	else if (slice_is(code, "PE"))
	{
		payment->payee_name = element(segment, 2);
		payment->payee_id = element(segment, 4);
	}
	return true;
}

/* A segment of the heading. */
static bool
read_heading(X12Reader *reader, const X12Segment *segment)
{
	X12Payment *payment = &reader->payment;

	if (segment_is(segment, "BPR"))
	{
		if (!read_amount(reader, segment, 2, &payment->amount) ||
			!read_date(reader, segment, 16, &payment->date))
			return false;
		if (!payment->amount.given)
			return segment_fault(reader, segment, 2, "payment has no amount");
		payment->credit_debit = element(segment, 3);
		payment->method = element(segment, 4);
	}
	else if (segment_is(segment, "TRN"))
	{
		if (slice_is_empty(payment->trace))
			payment->trace = element(segment, 2);
	}
	else if (segment_is(segment, "CUR"))
		payment->currency = element(segment, 2);
	else if (segment_is(segment, "DTM"))
	{
		if (payment->date.year == 0)
			return read_date(reader, segment, 2, &payment->date);
	}
	else if (segment_is(segment, "N1"))
		return read_party(segment, payment);
	return true;
}

static bool
read_remittance(X12Reader *reader, const X12Segment *segment, X12Row *row)
{
	memset(row, 0, sizeof(*row));
	row->place = segment->place;
	row->kind = X12_REMITTANCE;
	row->entity = reader->entity;
	row->reference_qualifier = element(segment, 1);
	row->reference = element(segment, 2);
	row->adjustment_reason = element(segment, 7);
	return read_amount(reader, segment, 4, &row->paid) &&
		read_amount(reader, segment, 5, &row->invoice) &&
		read_amount(reader, segment, 6, &row->discount) &&
		read_amount(reader, segment, 8, &row->adjustment);
}

static bool
read_adjustment(X12Reader *reader, const X12Segment *segment, X12Row *row)
{
	memset(row, 0, sizeof(*row));
	row->place = segment->place;
	row->entity = reader->entity;
	row->adjustment_reason = element(segment, 2);
	row->adjustment_qualifier = element(segment, 3);
	row->adjustment_reference = element(segment, 4);
	if (!read_amount(reader, segment, 1, &row->adjustment))
		return false;
	if (!row->adjustment.given)
		return segment_fault(reader, segment, 1, "adjustment has no amount");
	return true;
}

/* invoice - discount + adjustments = paid: the adjustments belong to this document. */
static bool
explains(const X12Row *remittance, int128 adjustments)
{
	return remittance->invoice.given && remittance->paid.given &&
		amount_units(&remittance->invoice) - amount_units(&remittance->discount) +
		adjustments == amount_units(&remittance->paid);
}

/*
 * The sums by which a payment is verified.  By its place an ADX before the
 * first RMR of an entity stands on its own, and one behind an RMR belongs to
 * it; but many payers put those of the whole payment behind the last RMR.  So
 * an ADX behind an RMR whose figures do not need it counts if, and only if, the
 * payment adds up with all of these and does not add up without them.
 */
typedef struct SetSums
{
	int128		paid;			/* of all RMR */
	int128		free;			/* ADX that stand on their own by their place */
	int128		doubtful;		/* ADX behind an RMR that does not need them */
	int128		in_loop;		/* ADX behind the current RMR */
	bool		in_remittance;
} SetSums;

static void
end_loop(SetSums *sums, const X12Row *remittance)
{
	if (sums->in_remittance && !explains(remittance, sums->in_loop))
		sums->doubtful += sums->in_loop;
	sums->in_loop = 0;
	sums->in_remittance = false;
}

static bool
ends_set(const X12Segment *segment)
{
	return segment_is(segment, "ST") || segment_is(segment, "GE") ||
		segment_is(segment, "GS") || segment_is(segment, "IEA") ||
		segment_is(segment, "ISA");
}

/* Verify the set that *st begins, without taking its segments. */
static bool
verify_set(X12Reader *reader, const X12Segment *st)
{
	Slice		rest = reader->rest;
	int			place = reader->place;
	SetSums		sums = {0};
	X12Segment	segment;
	X12Segment	bpr = {0};
	X12Row		remittance = {0};
	X12Row		row;
	bool		heading = true;
	int128		total;

	for (;;)
	{
		if (!next_segment(reader, &segment))
		{
			if (reader->fault.problem == NULL)
				fault_at(&reader->fault, reader->place,
						 "file ends inside a transaction set (no SE)", NO_SLICE);
			return false;
		}
		if (ends_set(&segment))
			return segment_fault(reader, &segment, 0, "transaction set has no trailer (SE)");
		if (segment_is(&segment, "SE"))
			break;

		if (segment_is(&segment, "ENT"))
		{
			end_loop(&sums, &remittance);
			heading = false;
		}
		else if (segment_is(&segment, "RMR"))
		{
			end_loop(&sums, &remittance);
			heading = false;
			if (!read_remittance(reader, &segment, &remittance))
				return false;
			sums.in_remittance = true;
			sums.paid += amount_units(&remittance.paid);
			reader->has_lines = true;
		}
		else if (segment_is(&segment, "ADX"))
		{
			heading = false;
			if (!read_adjustment(reader, &segment, &row))
				return false;
			if (sums.in_remittance)
				sums.in_loop += amount_units(&row.adjustment);
			else
				sums.free += amount_units(&row.adjustment);
			reader->has_lines = true;
		}
		else if (segment_is(&segment, "DTM") && !heading)
		{
			if (!read_date(reader, &segment, 2, &row.document_date))
				return false;
		}
		else if (heading)
		{
			if (segment_is(&segment, "BPR"))
				bpr = segment;
			if (!read_heading(reader, &segment))
				return false;
		}
	}
	end_loop(&sums, &remittance);

	if (!check_trailer(reader, &segment, segment.place - st->place + 1,
					   "number of segments in the transaction set is wrong",
					   element(st, 2)))
		return false;
	if (!reader->payment.amount.given)
		return segment_fault(reader, st, 0, "transaction set has no payment (BPR)");

	total = amount_units(&reader->payment.amount);
	reader->count_adjustments = sums.paid + sums.free != total &&
		sums.paid + sums.free + sums.doubtful == total;
	if (reader->has_lines && sums.paid + sums.free != total && !reader->count_adjustments)
		return segment_figures(reader, &bpr, 2,
							   "payment is not the sum of its remittance lines",
							   reader->payment.amount,
							   amount_make(sums.paid + sums.free, FILE_MAX_SCALE));

	reader->rest = rest;
	reader->place = place;
	return true;
}

static bool
start_set(X12Reader *reader, const X12Segment *segment)
{
	if (!slice_is(element(segment, 1), "820"))
		return segment_fault(reader, segment, 1, "transaction set is not an 820");
	memset(&reader->payment, 0, sizeof(reader->payment));
	reader->payment.set_control = element(segment, 2);
	reader->has_lines = false;
	reader->line_no = 0;
	reader->entity = NO_SLICE;
	reader->in_remittance = false;
	reader->nsets++;
	reader->state = X12_IN_SET;
	return verify_set(reader, segment);
}

/*
 * Look ahead over the segments that belong to a line: its REF and DTM, and for
 * an RMR, whether the ADX of its loop explain its amount.
 */
static void
look_ahead(const X12Reader *reader, X12Row *row, bool *explained)
{
	X12Reader	ahead = *reader;
	X12Segment	segment;
	X12Row		adjustment;
	int128		adjustments = 0;
	bool		own = true;

	row->details = slice_make(reader->rest.start, reader->rest.start);
	while (next_segment(&ahead, &segment) && !segment_is(&segment, "RMR") &&
		   !segment_is(&segment, "ENT") && !segment_is(&segment, "SE"))
	{
		if (own && segment_is(&segment, "DTM") && slice_is(element(&segment, 1), "003"))
			slice_to_date(element(&segment, 2), &row->document_date);
		if (segment_is(&segment, "ADX"))
		{
			if (row->kind != X12_REMITTANCE)
				break;
			if (read_adjustment(&ahead, &segment, &adjustment))
				adjustments += amount_units(&adjustment.adjustment);
		}
		own = own && (segment_is(&segment, "REF") || segment_is(&segment, "DTM") ||
					  segment_is(&segment, "NTE") || segment_is(&segment, "PER"));
		if (own)
			row->details.end = ahead.rest.start;
	}
	if (explained != NULL)
		*explained = explains(row, adjustments);
}

static void
make_remittance(X12Reader *reader, const X12Segment *segment, X12Row *row)
{
	read_remittance(reader, segment, row);
	row->line_no = ++reader->line_no;
	look_ahead(reader, row, &reader->explained);
	reader->remittance = *row;
	reader->in_remittance = true;
}

static void
make_adjustment(X12Reader *reader, const X12Segment *segment, X12Row *row)
{
	read_adjustment(reader, segment, row);
	row->line_no = ++reader->line_no;
	row->kind = X12_FREE_ADJUSTMENT;
	if (reader->in_remittance && (reader->explained || !reader->count_adjustments))
	{
		row->kind = X12_ADJUSTMENT;
		row->reference_qualifier = reader->remittance.reference_qualifier;
		row->reference = reader->remittance.reference;
		row->document_date = reader->remittance.document_date;
	}
	look_ahead(reader, row, NULL);
}

/* One segment of a verified set; true: it made a row. */
static bool
read_line(X12Reader *reader, const X12Segment *segment, X12Row *row)
{
	if (segment_is(segment, "ENT"))
	{
		reader->entity = element(segment, 1);
		reader->in_remittance = false;
	}
	else if (segment_is(segment, "RMR"))
	{
		make_remittance(reader, segment, row);
		return true;
	}
	else if (segment_is(segment, "ADX"))
	{
		make_adjustment(reader, segment, row);
		return true;
	}
	else if (segment_is(segment, "SE"))
	{
		reader->state = X12_IN_GROUP;
		if (!reader->has_lines)
		{
			memset(row, 0, sizeof(*row));
			row->kind = X12_PAYMENT;
			row->place = segment->place;
			row->line_no = 1;
			return true;
		}
	}
	return false;
}

/* A segment between the sets; false: a fault. */
static bool
read_envelope(X12Reader *reader, const X12Segment *segment)
{
	if (reader->state == X12_IN_INTERCHANGE)
	{
		if (segment_is(segment, "GS"))
		{
			reader->group_control = element(segment, 6);
			reader->ngroups++;
			reader->nsets = 0;
			reader->state = X12_IN_GROUP;
			return true;
		}
		if (segment_is(segment, "IEA"))
		{
			reader->state = X12_OUTSIDE;
			return check_trailer(reader, segment, reader->ngroups,
								 "number of groups in the interchange is wrong",
								 reader->interchange_control);
		}
		/* An acknowledgement of an interchange sent the other way. */
		if (segment_is(segment, "TA1"))
			return true;
		return segment_fault(reader, segment, 0,
							 "a group (GS) or the end of the interchange (IEA) is expected");
	}

	if (segment_is(segment, "ST"))
		return start_set(reader, segment);
	if (segment_is(segment, "GE"))
	{
		reader->state = X12_IN_INTERCHANGE;
		return check_trailer(reader, segment, reader->nsets,
							 "number of transaction sets in the group is wrong",
							 reader->group_control);
	}
	return segment_fault(reader, segment, 0,
						 "a transaction set (ST) or the end of the group (GE) is expected");
}

bool
x12_next(X12Reader *reader, X12Row *row)
{
	X12Segment	segment;

	while (reader->fault.problem == NULL)
	{
		if (reader->state == X12_OUTSIDE)
		{
			skip_line_ends(reader);
			if (slice_is_empty(reader->rest))
				return reader->place > 0 ? false :
					fault_at(&reader->fault, 1, "file is empty", NO_SLICE);
			if (!read_interchange(reader))
				return false;
			continue;
		}

		if (!next_segment(reader, &segment))
		{
			if (reader->fault.problem == NULL)
				fault_at(&reader->fault, reader->place,
						 reader->state == X12_IN_GROUP ?
						 "file ends inside a group (no GE)" :
						 "file ends inside an interchange (no IEA)", NO_SLICE);
			return false;
		}
		if (reader->state != X12_IN_SET)
			read_envelope(reader, &segment);
		else if (read_line(reader, &segment, row))
			return true;
	}
	return false;
}

bool
x12_next_reference(const X12Reader *reader, Slice *details,
				   Slice *qualifier, Slice *reference)
{
	X12Reader	ahead = *reader;
	X12Segment	segment;

	ahead.rest = *details;
	while (next_segment(&ahead, &segment))
	{
		*details = ahead.rest;
		if (segment_is(&segment, "REF"))
		{
			*qualifier = element(&segment, 1);
			*reference = element(&segment, 2);
			return true;
		}
	}
	return false;
}
