"""Mails, composed at the moment of sending in the recipient's language and time; kept nowhere."""
