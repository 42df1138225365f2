"""Mails, composed when sent; stored nowhere."""
