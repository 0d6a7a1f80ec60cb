"""What the heavy paths cost, measured with the product's own code in databases of their own."""
