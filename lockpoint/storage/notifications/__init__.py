"""Mail intents, mail log, profiles."""
