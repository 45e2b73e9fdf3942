# credit_control: plain PGXS.  make && make install; make demo; make check.
EXTENSION  = credit_control
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" credit_control.control)

MODULE_big = credit_control
OBJS       = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))

INSTALL_SQL = $(EXTENSION)--$(EXTVERSION).sql
# An upgrade script is made of what its source says of the kernel files; one that was released stands as it is.
DELTAS      = $(filter-out $(DATA),$(wildcard sql/kernel/upgrade/*--$(EXTVERSION).sql))
UPGRADE_SQL = $(DELTAS:sql/kernel/upgrade/%=$(EXTENSION)--%)
DATA_built  = $(INSTALL_SQL) $(UPGRADE_SQL)
DATA        = $(wildcard sql/kernel/upgrade/$(EXTENSION)--*--*.sql)

PG_CONFIG  ?= pg_config
# -isystem keeps the server's own headers out of our warnings.
PG_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS   = -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wno-declaration-after-statement $(OPTCFLAGS)
EXTRA_CLEAN = $(DATA_built) build

REGRESS      = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
ISOLATION    = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
REGRESS_OPTS = --inputdir=test

# These two prepare the machine themselves, so PGXS may not be installed yet; and its own "check" is a refusal.
ifneq ($(filter demo check,$(MAKECMDGOALS)),)
demo check: ; tools/$@.sh
.PHONY: demo check
else
.DEFAULT_GOAL := all
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
endif

# PGXS tracks no header dependencies: any header change rebuilds everything.
$(OBJS): $(wildcard src/*.h)

KERNEL_SQL = $(sort $(wildcard sql/kernel/*.sql))
LEDGER_SQL = $(foreach part,tables upgrade code,$(sort $(wildcard sql/ledger/$(part)/*.sql)))

$(INSTALL_SQL): $(KERNEL_SQL) $(LEDGER_SQL) tools/install-sql.sh credit_control.control
	sh tools/install-sql.sh $(KERNEL_SQL) -- $(LEDGER_SQL) > $@.tmp
	mv $@.tmp $@

$(UPGRADE_SQL): $(EXTENSION)--%: sql/kernel/upgrade/% $(KERNEL_SQL) $(LEDGER_SQL) tools/install-sql.sh
	sh tools/install-sql.sh -u $< $(KERNEL_SQL) -- $(LEDGER_SQL) > $@.tmp
	mv $@.tmp $@

print-%: ; @echo '$($*)'
