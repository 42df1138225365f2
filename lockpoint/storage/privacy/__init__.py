"""What Postgres and Redis store about people, and how it is erased and reported."""
