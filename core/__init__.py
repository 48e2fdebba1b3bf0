"""Pure ground: the words of the product and the types that carry them. Nothing here does I/O."""
