"""Files of goods: what is in stock, what came in or went back, what was lost or found."""
