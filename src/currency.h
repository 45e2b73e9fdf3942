/*
 * currency.h
 *		ISO 4217 currency codes and their minor units.
 */
#ifndef CURRENCY_H
#define CURRENCY_H

/*
 * Decimals of the currency's minor unit (USD 2, JPY 0, KWD 3), or -1 if the
 * three-letter code is not a currency of ISO 4217 in which amounts are kept.
 * The code need not be terminated: exactly `len` bytes are read.
 */
extern int	currency_minor_unit(const char *code, int len);

#endif							/* CURRENCY_H */
