"""Mail intents, the mail log, profiles, sealed links."""
