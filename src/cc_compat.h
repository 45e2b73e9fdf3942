/*
 * cc_compat.h
 *		Differences between the supported PostgreSQL majors (15 to 18).
 *
 * The only place that tests PG_VERSION_NUM.
 */
#ifndef CC_COMPAT_H
#define CC_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "credit_control needs PostgreSQL 15 or later"
#endif

#ifndef HAVE_INT128
#error "credit_control needs a compiler with 128-bit integers"
#endif

/* Varlena headers moved out of postgres.h in 16. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* Soft input errors arrived in 16; before that an input function can only raise. */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#define cc_escontext(fcinfo)	((fcinfo)->context)
#define cc_ereturn(escontext, dummy, ...) ereturn(escontext, dummy, __VA_ARGS__)
#else
#define cc_escontext(fcinfo)	((void) (fcinfo), (struct Node *) NULL)
#define cc_ereturn(escontext, dummy, ...) \
	do { (void) (escontext); ereport(ERROR, __VA_ARGS__); return dummy; } while (0)
#endif

/* 18 renamed it. */
#ifndef pg_attribute_noreturn
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

#endif							/* CC_COMPAT_H */
