"""What so many records a day take, reckoned from what one run of the bench has measured."""
