/*
 * credit_control.c
 *		The module: magic block and initialisation.
 */
#include "cc_compat.h"

#include "fmgr.h"

#include "actor.h"
#include "hold.h"
#include "settle.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	settle_init();
	actor_init();
	hold_init();
}
