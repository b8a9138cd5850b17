"""How each stage is put together: its processor, its session, its loop. Boring by intent."""
