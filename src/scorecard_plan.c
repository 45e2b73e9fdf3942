/*
 * scorecard_plan.c
 *		Planner support: score_points(card, ARRAY[a, b, ...]) is planned as
 *		score_values(card, a, b, ...), so that no array is made of each row.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "parser/parse_func.h"
#include "utils/lsyscache.h"

/* The two mean the same for numbers, so a caller cannot tell. */
static Node *
plan_as_values(const FuncExpr *call)
{
	Node	   *card = linitial(call->args);
	ArrayExpr  *array = (ArrayExpr *) lsecond(call->args);
	Oid			types[2];
	Oid			values_function;
	char	   *schema;

	if (!IsA(array, ArrayExpr) || array->multidims || array->element_typeid != NUMERICOID ||
		list_length(array->elements) == 0 || list_length(array->elements) >= FUNC_MAX_ARGS)
		return NULL;

	types[0] = exprType(card);
	types[1] = ANYOID;
	schema = get_namespace_name(get_func_namespace(call->funcid));
	values_function = LookupFuncName(list_make2(makeString(schema), makeString("score_values")),
									 2, types, true);
	if (!OidIsValid(values_function))
		return NULL;
	return (Node *) makeFuncExpr(values_function, call->funcresulttype,
								 lcons(card, list_copy(array->elements)),
								 call->funccollid, call->inputcollid, COERCE_EXPLICIT_CALL);
}

PG_FUNCTION_INFO_V1(scorecard_points_support);
Datum
scorecard_points_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(plan_as_values(((SupportRequestSimplify *) request)->fcall));
	PG_RETURN_POINTER(NULL);
}
