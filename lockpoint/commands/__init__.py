"""The sub-commands of `lockpoint`, one module for each subject."""
