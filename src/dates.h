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

/* Error 22008 unless it is a calendar date: "<what> of <whose> must be ...". */
extern void date_check_finite(DateADT date, const char *what, const char *whose);

#endif							/* DATES_H */
