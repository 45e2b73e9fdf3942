/*
 * credit_control.c
 *		The module: magic block and initialisation.
 */
#include "cc_compat.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
