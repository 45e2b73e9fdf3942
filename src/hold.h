/*
 * hold.h
 *		The trigger on tables of orders.
 */
#ifndef HOLD_H
#define HOLD_H

extern void hold_init(void);

#endif							/* HOLD_H */
