"""Mail catcher: SMTP in, web page out."""
