"""The sub-commands of `lockpoint`, a module for each subject."""
