"""PostgreSQL and Valkey from wheels, with a guardian that ends them after their starter."""
