# The usual names for bin/*, which are the real thing.
.PHONY: run test check lock

run:
	@bin/run

test:
	@bin/test

check:
	@bash .ci/run

lock:
	@bin/lock-dependencies
