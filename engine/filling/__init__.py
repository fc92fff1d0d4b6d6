"""Ways to make up unknown pixels: arrays in, arrays out; what the fill operation chooses from."""
