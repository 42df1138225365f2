"""What a role of the database may do, and whether a database will do."""
