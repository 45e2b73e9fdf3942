/*
 * chain.c
 *		The audit chain: digests of the rows that auditors read.
 *
 * A digest is SHA-256 over the table's name and the listed columns, each as in
 * a row of COPY (FORMAT binary): its length as int4, -1 for NULL, then the
 * bytes of the type's binary form.  Types whose binary form may get another
 * version (payment_terms) count as their text.  So anybody can recompute it.
 * Columns that users add are not part of it.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "funcapi.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "chain.h"
#include "exposure.h"
#include "ledger.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_entry_digest);
PG_FUNCTION_INFO_V1(cc_chain_columns);
PG_FUNCTION_INFO_V1(cc_post_chain);

static const struct
{
	const char *source;
	ColumnSet	columns;
}			chained_tables[] =
{
	{"document", {24, {
		"customer_id", "document_id", "kind", "number", "doc_date", "posting_date", "due_date", "currency", "amount",
		"reference", "recorded_at", "recorded_by", "side", "terms", "received_on", "clears_on", "sold_to_id", "order_id",
		"fx_rate", "base_amount", "source_document_id", "reverses", "reason", "idempotency_key"
	}}},
	{"document_line", {12, {
		"customer_id", "document_line_id", "document_id", "line_no", "product", "description", "quantity", "unit_price",
		"net_amount", "tax_rate", "tax_amount", "line_total"
	}}},
	{"allocation", {9, {
		"customer_id", "allocation_id", "credit_item_id", "debit_item_id", "amount", "applied_on", "reverses",
		"recorded_at", "recorded_by"
	}}},
	{"due_date_change", {12, {
		"customer_id", "due_date_change_id", "item_id", "previous_due_date", "due_date", "effective_on", "reason",
		"approved_by", "recorded_at", "recorded_by", "actor", "received_on"
	}}},
	{"clearing", {5, {
		"customer_id", "document_id", "cleared_on", "recorded_at", "recorded_by"
	}}},
	{"deposit_release", {6, {
		"customer_id", "document_id", "released_on", "reason", "recorded_at", "recorded_by"
	}}},
	{"customer_merge", {7, {
		"customer_id", "customer_merge_id", "into_customer_id", "merged_on", "reason", "recorded_at", "recorded_by"
	}}},
	{"credit_limit", {19, {
		"customer_id", "credit_limit_id", "amount", "currency", "valid_from", "valid_to", "reason", "set_at", "set_by",
		"kind", "replaces_own", "covered_percent", "max_overdue_days", "provider", "policy_no", "requested_by", "approved_by",
		"recommendation_id", "actor"
	}}},
	{"hold", {11, {
		"customer_id", "hold_id", "reason", "placed_at", "placed_by", "actor", "reason_code", "scope", "forced", "automatic", "expires_on"
	}}},
	{"order_release", {11, {
		"customer_id", "order_release_id", "source", "order_id", "amount", "currency", "valid_until", "reason", "released_at",
		"released_by", "actor"
	}}},
	{"hold_release", {6, {
		"customer_id", "hold_id", "reason", "released_at", "released_by", "actor"
	}}},
	{"approval", {11, {
		"customer_id", "approval_id", "action", "amount", "currency", "subject", "reason", "requested_by", "requested_login",
		"requested_at", "expires_on"
	}}},
	{"approval_vote", {9, {
		"customer_id", "approval_vote_id", "approval_id", "person", "login", "approves", "reason", "authority_id", "voted_at"
	}}},
	{"approval_use", {5, {
		"customer_id", "approval_id", "used_at", "used_by", "used_login"
	}}},
};

static int
chained_table(const char *source)
{
	for (size_t i = 0; i < lengthof(chained_tables); i++)
		if (strcmp(chained_tables[i].source, source) == 0)
			return i;
	return -1;
}

const ColumnSet *
chain_columns(const char *source)
{
	int			i = chained_table(source);

	return i < 0 ? NULL : &chained_tables[i].columns;
}

static void
hash_bytes_of(pg_cryptohash_ctx *sha, const void *bytes, int32 len)
{
	uint32		length = pg_hton32((uint32) len);

	if (pg_cryptohash_update(sha, (const uint8 *) &length, sizeof(length)) < 0 ||
		(len > 0 && pg_cryptohash_update(sha, bytes, len) < 0))
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(sha));
}

static void
hash_value(pg_cryptohash_ctx *sha, Oid type, Datum value, bool isnull)
{
	if (isnull)
	{
		hash_bytes_of(sha, NULL, -1);
		return;
	}
	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
			{
				uint64		bytes = pg_hton64((uint64) DatumGetInt64(value));

				hash_bytes_of(sha, &bytes, sizeof(bytes));
				break;
			}
		case INT4OID:
		case DATEOID:
			{
				uint32		bytes = pg_hton32((uint32) DatumGetInt32(value));

				hash_bytes_of(sha, &bytes, sizeof(bytes));
				break;
			}
		case TEXTOID:
			{
				text	   *bytes = DatumGetTextPP(value);

				hash_bytes_of(sha, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
				break;
			}
		case NUMERICOID:
			{
				bytea	   *bytes = DatumGetByteaPP(DirectFunctionCall1(numeric_send, value));

				hash_bytes_of(sha, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
				break;
			}
		default:
			{
				Oid			output;
				bool		is_varlena;
				char	   *bytes;

				getTypeOutputInfo(type, &output, &is_varlena);
				bytes = OidOutputFunctionCall(output, value);
				hash_bytes_of(sha, bytes, strlen(bytes));
				break;
			}
	}
}

static pg_cryptohash_ctx *
sha_begin(void)
{
	pg_cryptohash_ctx *sha = pg_cryptohash_create(PG_SHA256);

	if (pg_cryptohash_init(sha) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(sha));
	return sha;
}

static void
sha_end(pg_cryptohash_ctx *sha, ChainDigest *digest)
{
	StaticAssertStmt(sizeof(ChainDigest) == PG_SHA256_DIGEST_LENGTH, "a digest is a SHA-256");
	if (pg_cryptohash_final(sha, digest->bytes, sizeof(digest->bytes)) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(sha));
	pg_cryptohash_free(sha);
}

static void
digest_row(const char *source, TupleDesc desc, const AttrNumber *cols, int ncols,
		   const Datum *values, const bool *nulls, ChainDigest *digest)
{
	pg_cryptohash_ctx *sha = sha_begin();

	hash_bytes_of(sha, source, strlen(source));
	for (int c = 0; c < ncols; c++)
		hash_value(sha, TupleDescAttr(desc, cols[c] - 1)->atttypid, values[cols[c] - 1], nulls[cols[c] - 1]);
	sha_end(sha, digest);
}

void
chain_entry_digest(const char *source, const AttrNumber *cols, int ncols,
				   TupleTableSlot *slot, ChainDigest *digest)
{
	slot_getallattrs(slot);
	digest_row(source, slot->tts_tupleDescriptor, cols, ncols, slot->tts_values, slot->tts_isnull, digest);
}

void
chain_link_digest(const ChainDigest *entries, int64 n, ChainDigest *digest)
{
	pg_cryptohash_ctx *sha = sha_begin();

	if (pg_cryptohash_update(sha, (const uint8 *) entries, n * sizeof(ChainDigest)) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(sha));
	sha_end(sha, digest);
}

/* ---- SQL: recomputing ---- */

static const ColumnSet *
columns_for(text *source)
{
	const ColumnSet *columns = chain_columns(text_to_cstring(source));

	if (columns == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" is not part of the audit chain", text_to_cstring(source))));
	return columns;
}

/* entry_digest(source text, entry record) returns bytea */
Datum
cc_entry_digest(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const ColumnSet *columns = columns_for(PG_GETARG_TEXT_PP(0));
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(1);
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple;
	AttrNumber	cols[COLUMNS_MAX];
	Datum	   *values = palloc(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));
	bytea	   *result = palloc(VARHDRSZ + sizeof(ChainDigest));

	for (int c = 0; c < columns->n; c++)
	{
		cols[c] = InvalidAttrNumber;
		for (int a = 0; a < desc->natts; a++)
			if (!TupleDescAttr(desc, a)->attisdropped && namestrcmp(&TupleDescAttr(desc, a)->attname, columns->names[c]) == 0)
				cols[c] = a + 1;
		if (cols[c] == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("row of \"%s\" has no column \"%s\"", source, columns->names[c])));
	}
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	SET_VARSIZE(result, VARHDRSZ + sizeof(ChainDigest));
	heap_deform_tuple(&tuple, desc, values, nulls);
	digest_row(source, desc, cols, columns->n, values, nulls, (ChainDigest *) VARDATA(result));
	ReleaseTupleDesc(desc);
	PG_RETURN_BYTEA_P(result);
}

/* chain_columns(source text) returns text[] */
Datum
cc_chain_columns(PG_FUNCTION_ARGS)
{
	const ColumnSet *columns = columns_for(PG_GETARG_TEXT_PP(0));
	Datum		names[COLUMNS_MAX];

	for (int c = 0; c < columns->n; c++)
		names[c] = CStringGetTextDatum(columns->names[c]);
	PG_RETURN_ARRAYTYPE_P(construct_array(names, columns->n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* ---- the trigger ---- */

static void *
chain_create(SettleBatch *batch)
{
	return exposure_deltas_create(batch->cxt);
}

static void
chain_settle(SettleBatch *batch)
{
	exposure_deltas_post(ledger_open(batch->nspoid), batch->state);
}

static const SettleKind chain_kind = {chain_create, chain_settle, NULL};

/*
 * Trigger on the chained tables that have no posting trigger of their own:
 * AFTER INSERT FOR EACH ROW and FOR EACH STATEMENT.
 */
Datum
cc_post_chain(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Ledger	   *ledger;
	Relation	rel;
	int			table;
	const AttrNumber *cols;
	ChainDigest digest;
	bool		isnull;
	int64		customer;
	int64		id;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as an AFTER INSERT trigger", "post_chain")));
	rel = trigger->tg_relation;
	ledger = ledger_of_table(rel);
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
	{
		settle_statement(ledger->nspoid);
		return PointerGetDatum(NULL);
	}
	if (trigger->tg_trigger->tgnargs != 1 || (table = chained_table(trigger->tg_trigger->tgargs[0])) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("table \"%s\" is not part of the audit chain", RelationGetRelationName(rel))));

	cols = columns_of(rel, &chained_tables[table].columns);
	chain_entry_digest(chained_tables[table].source, cols, chained_tables[table].columns.n, trigger->tg_trigslot, &digest);
	customer = DatumGetInt64(slot_getattr(trigger->tg_trigslot, cols[0], &isnull));
	id = DatumGetInt64(slot_getattr(trigger->tg_trigslot, cols[1], &isnull));
	exposure_deltas_chain(settle_batch(&chain_kind, ledger->nspoid)->state, customer, chained_tables[table].source, id, &digest);
	return PointerGetDatum(NULL);
}
