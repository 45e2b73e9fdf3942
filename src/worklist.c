/*
 * worklist.c
 *		Points of the worklist: a customer's figures against the rules of a strategy.
 *
 * Rules come as jsonb, an array of objects in the order of their numbers, and are
 * read once per statement: a million customers share a handful of strategies.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "money.h"

/* Decimals of points. */
#define POINTS_SCALE	2

/* Strategies kept; a statement that has more reads them again. */
#define MAX_KEPT		64

/* A number of a rule: units at its own scale. */
typedef struct RuleNumber
{
	bool		given;
	int			scale;
	int128		units;
} RuleNumber;

typedef struct WorklistRule
{
	int			figure;			/* place of its figure, from 0 */
	RuleNumber	threshold;
	RuleNumber	points;
	RuleNumber	points_each;
	RuleNumber	most_points;
	text	   *action;			/* NULL: suggests nothing */
	JsonbValue	shown_rule_no;	/* as they are shown again */
	JsonbValue	shown_kind;
	JsonbValue	shown_threshold;
} WorklistRule;

/* A rule that matches, and what it gives. */
typedef struct WorklistMatch
{
	const WorklistRule *rule;
	Datum		figure;
	int128		points;			/* units of POINTS_SCALE */
} WorklistMatch;

typedef struct WorklistRules
{
	struct WorklistRules *next;
	MemoryContext context;
	Jsonb	   *source;
	int			nrules;
	WorklistRule *rules;
	WorklistMatch *matches;		/* room for those of one customer */
} WorklistRules;

static JsonbValue *
rule_value(JsonbContainer *rule, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(rule, key, strlen(key), value);
}

static void
not_understood(const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("rules of a worklist are not understood"),
			 errdetail("The value of \"%s\" is missing or of another type.", key),
			 errhint("A rule has rule_no, kind, figure, threshold, points, points_each, most_points and action.")));
}

static RuleNumber
rule_number(JsonbContainer *rule, const char *key, bool optional)
{
	RuleNumber	number = {0};
	JsonbValue	value;

	if (rule_value(rule, key, &value) == NULL || value.type == jbvNull)
	{
		if (!optional)
			not_understood(key);
		return number;
	}
	if (value.type != jbvNumeric)
		not_understood(key);
	number.given = true;
	number.units = money_from_numeric(NumericGetDatum(value.val.numeric), &number.scale, key);
	return number;
}

/* A value to be shown again; it points into the copy of the rules. */
static JsonbValue
rule_shown(JsonbContainer *rule, const char *key, enum jbvType type)
{
	JsonbValue	value;

	if (rule_value(rule, key, &value) == NULL || value.type != type)
		not_understood(key);
	return value;
}

static void
read_rule(JsonbContainer *container, WorklistRule *rule)
{
	RuleNumber	figure = rule_number(container, "figure", false);
	JsonbValue	action;

	if (figure.scale != 0 || figure.units < 1 || figure.units > MaxAllocSize)
		not_understood("figure");
	rule->figure = (int) figure.units - 1;
	rule->threshold = rule_number(container, "threshold", false);
	rule->points = rule_number(container, "points", false);
	rule->points_each = rule_number(container, "points_each", false);
	rule->most_points = rule_number(container, "most_points", true);
	if (rule_value(container, "action", &action) != NULL && action.type == jbvString)
		rule->action = cstring_to_text_with_len(action.val.string.val, action.val.string.len);
	rule->shown_rule_no = rule_shown(container, "rule_no", jbvNumeric);
	rule->shown_kind = rule_shown(container, "kind", jbvString);
	rule->shown_threshold = rule_shown(container, "threshold", jbvNumeric);
}

static WorklistRules *
read_rules(Jsonb *source, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "worklist rules",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	WorklistRules *rules = palloc0(sizeof(WorklistRules));

	rules->context = context;
	rules->source = memcpy(palloc(VARSIZE(source)), source, VARSIZE(source));
	if (!JB_ROOT_IS_ARRAY(rules->source) || JB_ROOT_IS_SCALAR(rules->source))
		not_understood("rules");
	rules->nrules = JB_ROOT_COUNT(rules->source);
	rules->rules = palloc0(Max(rules->nrules, 1) * sizeof(WorklistRule));
	rules->matches = palloc0(Max(rules->nrules, 1) * sizeof(WorklistMatch));
	for (int i = 0; i < rules->nrules; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&rules->source->root, i);

		CHECK_FOR_INTERRUPTS();
		if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
			not_understood("rules");
		read_rule(value->val.binary.data, &rules->rules[i]);
	}
	MemoryContextSwitchTo(old_context);
	/* Only rules that were read whole outlive this call. */
	MemoryContextSetParent(context, parent);
	return rules;
}

/* The rules of this call, from those read before if they are among them. */
static WorklistRules *
rules_of_call(FunctionCallInfo fcinfo)
{
	Jsonb	   *source = PG_GETARG_JSONB_P(1);
	WorklistRules *kept = fcinfo->flinfo->fn_extra;
	WorklistRules *rules;
	int			nkept = 0;

	for (rules = kept; rules != NULL; rules = rules->next, nkept++)
		if (VARSIZE(rules->source) == VARSIZE(source) &&
			memcmp(rules->source, source, VARSIZE(source)) == 0)
			return rules;

	if (nkept >= MAX_KEPT)
	{
		fcinfo->flinfo->fn_extra = NULL;
		while (kept != NULL)
		{
			rules = kept->next;
			MemoryContextDelete(kept->context);
			kept = rules;
		}
	}
	rules = read_rules(source, fcinfo->flinfo->fn_mcxt);
	rules->next = kept;
	fcinfo->flinfo->fn_extra = rules;
	return rules;
}

/* Half away from zero, as numeric rounds. */
static int128
round_points(int128 units, int scale)
{
	int128		unit = 1;

	if (scale <= POINTS_SCALE)
		return money_rescale(units, scale, POINTS_SCALE);
	for (int i = POINTS_SCALE; i < scale; i++)
		unit *= 10;
	return (units < 0 ? money_sub(units, unit / 2) : money_add(units, unit / 2)) / unit;
}

/* Whether a figure is above the rule's threshold, and then its points. */
static bool
apply_rule(const WorklistRule *rule, Datum figure, int128 *points)
{
	int			scale;
	int			sum_scale;
	int128		above = money_from_numeric(figure, &scale, "figure");
	int128		sum;

	if (scale < rule->threshold.scale)
	{
		above = money_rescale(above, scale, rule->threshold.scale);
		scale = rule->threshold.scale;
	}
	above = money_sub(above, money_rescale(rule->threshold.units, rule->threshold.scale, scale));
	if (above <= 0)
		return false;

	sum = rule->points.units;
	sum_scale = rule->points.scale;
	if (rule->points_each.units != 0)
	{
		int128		each = money_mul(above, rule->points_each.units);
		int			each_scale = scale + rule->points_each.scale;

		sum_scale = Max(rule->points.scale, each_scale);
		if (sum_scale > MONEY_MAX_SCALE)
			money_out_of_range("points");
		sum = money_add(money_rescale(rule->points.units, rule->points.scale, sum_scale),
						money_rescale(each, each_scale, sum_scale));
	}
	*points = round_points(sum, sum_scale);
	/* Rounding keeps order, so the lesser of both may be found after it. */
	if (rule->most_points.given)
		*points = Min(*points, round_points(rule->most_points.units, rule->most_points.scale));
	return true;
}

/* The rules that match, in their order; a figure that is missing matches none. */
static int
match_rules(FunctionCallInfo fcinfo, WorklistMatch **matches)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	WorklistRules *rules = rules_of_call(fcinfo);
	Datum	   *figures;
	bool	   *nulls;
	int			nfigures;
	int			nmatches = 0;

	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &figures, &nulls, &nfigures);
	for (int i = 0; i < rules->nrules; i++)
	{
		const WorklistRule *rule = &rules->rules[i];
		WorklistMatch *match = &rules->matches[nmatches];

		if (rule->figure >= nfigures || nulls[rule->figure])
			continue;
		if (!apply_rule(rule, figures[rule->figure], &match->points))
			continue;
		match->rule = rule;
		match->figure = figures[rule->figure];
		nmatches++;
	}
	*matches = rules->matches;
	return nmatches;
}

/* The sum of the points; NULL if no rule matches. */
PG_FUNCTION_INFO_V1(worklist_points);
Datum
worklist_points(PG_FUNCTION_ARGS)
{
	WorklistMatch *matches;
	int			nmatches = match_rules(fcinfo, &matches);
	int128		sum = 0;

	if (nmatches == 0)
		PG_RETURN_NULL();
	for (int i = 0; i < nmatches; i++)
		sum = money_add(sum, matches[i].points);
	PG_RETURN_DATUM(money_to_numeric(sum, POINTS_SCALE));
}

/* What the rule with most points suggests, the first of equals, of those that suggest anything. */
PG_FUNCTION_INFO_V1(worklist_action);
Datum
worklist_action(PG_FUNCTION_ARGS)
{
	WorklistMatch *matches;
	WorklistMatch *best = NULL;
	int			nmatches = match_rules(fcinfo, &matches);

	for (int i = 0; i < nmatches; i++)
		if (matches[i].rule->action != NULL && (best == NULL || matches[i].points > best->points))
			best = &matches[i];
	if (best == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(DatumGetTextPCopy(PointerGetDatum(best->rule->action)));
}

static void
push_pair(JsonbParseState **state, const char *key, const JsonbValue *value)
{
	JsonbValue	name;

	name.type = jbvString;
	name.val.string.val = unconstify(char *, key);
	name.val.string.len = strlen(key);
	pushJsonbValue(state, WJB_KEY, &name);
	pushJsonbValue(state, WJB_VALUE, unconstify(JsonbValue *, value));
}

static void
push_numeric(JsonbParseState **state, const char *key, Datum number)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(number);
	push_pair(state, key, &value);
}

/* The rules that match, each with its figure and points; NULL if none does. */
PG_FUNCTION_INFO_V1(worklist_reasons);
Datum
worklist_reasons(PG_FUNCTION_ARGS)
{
	JsonbParseState *state = NULL;
	WorklistMatch *matches;
	int			nmatches = match_rules(fcinfo, &matches);

	if (nmatches == 0)
		PG_RETURN_NULL();
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < nmatches; i++)
	{
		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		/* In the order jsonb keeps keys, so that there is nothing to sort. */
		push_pair(&state, "kind", &matches[i].rule->shown_kind);
		push_numeric(&state, "figure", matches[i].figure);
		push_numeric(&state, "points", money_to_numeric(matches[i].points, POINTS_SCALE));
		push_pair(&state, "rule_no", &matches[i].rule->shown_rule_no);
		push_pair(&state, "threshold", &matches[i].rule->shown_threshold);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}
