"""A mail catcher: takes mails by SMTP and shows them as a page."""
