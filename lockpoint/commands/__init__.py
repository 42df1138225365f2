"""Sub-commands of `lockpoint`, a module for each subject."""
