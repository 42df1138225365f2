"""Who is let in, and which operation a request is."""
