"""What Postgres and Redis hold about people, and how it is erased and reported."""
