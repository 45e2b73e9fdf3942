/*
 * reference_keys.h
 *		The runs of a remittance text.
 */
#ifndef REFERENCE_KEYS_H
#define REFERENCE_KEYS_H

#include "cc_compat.h"

#include "reference_scan.h"

/* Cut a text into runs, palloc'd. */
extern ReferenceRun *reference_runs_of(const text *remittance, int *nruns);

#endif							/* REFERENCE_KEYS_H */
