"""What people do with a lock: acquire, extend, release, break, take over, ask to be notified."""
