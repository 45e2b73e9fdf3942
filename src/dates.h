/*
 * dates.h
 *		Dates in checks and messages.
 */
#ifndef DATES_H
#define DATES_H

#include "cc_compat.h"

#include "utils/date.h"

/* As date_out prints it, palloc'd. */
extern char *date_text(DateADT date);

/* Refuse infinity (22008): "<what> of <whose> must be a calendar date". */
extern void date_refuse(const char *what, const char *whose) pg_attribute_noreturn();

#endif							/* DATES_H */
