"""Units through time: what may become of them, who writes it, and what moves with them."""
