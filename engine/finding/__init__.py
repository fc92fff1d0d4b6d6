"""Finding damage: from a photo, or from what a net says of it, to where it is; arrays in, arrays out."""
