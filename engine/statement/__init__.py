"""What a paper says of itself in so few bytes that a printed code holds them, signed."""
