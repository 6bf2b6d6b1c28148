"""The pages and the assets that HTTP serves."""
