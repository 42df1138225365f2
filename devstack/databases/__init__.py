"""PostgreSQL and Valkey from wheels, with a guardian that ends them when their starter is gone."""
