"""The fresh read of a file's lock record, and the conditional write that changes it."""
