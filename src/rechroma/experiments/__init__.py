"""The original's study, repeated: recipes trained alike, measured, and written up as a report."""
