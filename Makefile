# The usual names for bin/*, which are the real thing.
.PHONY: run test check lock-dependencies

run:
	@bin/run

test:
	@bin/test

check:
	@bash .ci/run

lock-dependencies:
	@bin/lock-dependencies
