/*
 * mod_97.h
 *		Check digits of IBAN and of creditor references.
 *
 * Plain C that allocates nothing and raises nothing.
 */
#ifndef MOD_97_H
#define MOD_97_H

#include "cc_compat.h"

/* ISO 11649: "RF", two check digits and 1 to 21 characters. */
#define CREDITOR_REFERENCE_HEAD 4
#define CREDITOR_REFERENCE_MAX 25

/*
 * ISO 7064 MOD 97-10 as IBAN (ISO 13616) and creditor reference use it: the
 * first four characters go to the end, letters count 10 to 35, and the whole is
 * one number modulo 97, which is 1 for a valid code.  For upper-case letters
 * and digits only.
 */
extern int	mod_97(const char *code, int length);

/* Whether upper-case letters and digits without separators are a creditor reference. */
extern bool is_creditor_reference(const char *code, int length);

#endif							/* MOD_97_H */
