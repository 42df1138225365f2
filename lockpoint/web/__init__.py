"""HTTP: requests become calls of use cases, results become answers."""
