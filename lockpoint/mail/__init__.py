"""Mails, composed on sending in the recipient's language and time; never stored."""
