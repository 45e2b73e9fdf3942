/*
 * actor.h
 *		The person who acts, where an application's login stands for many.
 */
#ifndef ACTOR_H
#define ACTOR_H

extern void actor_init(void);

#endif							/* ACTOR_H */
