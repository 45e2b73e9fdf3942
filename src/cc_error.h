/*
 * cc_error.h
 *		SQLSTATEs of credit_control: class RC ("receivables and credit").
 *
 * Whatever has a standard code keeps it (22xxx bad values, 23xxx missing or
 * duplicate rows, 42xxx names and rights); class RC is for what only a credit
 * department can refuse.
 */
#ifndef CC_ERROR_H
#define CC_ERROR_H

#include "utils/elog.h"

#define ERRCODE_CREDIT_HOLD				MAKE_SQLSTATE('R', 'C', '0', '0', '1')
#define ERRCODE_CREDIT_LIMIT_EXCEEDED	MAKE_SQLSTATE('R', 'C', '0', '0', '2')
#define ERRCODE_CREDIT_PERIOD_CLOSED	MAKE_SQLSTATE('R', 'C', '0', '0', '3')
#define ERRCODE_CREDIT_CURRENCY			MAKE_SQLSTATE('R', 'C', '0', '0', '6')
#define ERRCODE_CREDIT_OVER_ALLOCATION	MAKE_SQLSTATE('R', 'C', '0', '0', '7')
#define ERRCODE_CREDIT_APPEND_ONLY		MAKE_SQLSTATE('R', 'C', '0', '0', '8')

#endif							/* CC_ERROR_H */
