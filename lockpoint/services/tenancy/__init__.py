"""Sites: installed, active, licensed, configured."""
