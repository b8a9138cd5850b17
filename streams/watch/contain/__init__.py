"""What alerts call for, ordered on `control` by rules, and when every stage has obeyed."""
