"""The numbered steps that bring a filled database forward: `0002_what_it_does.sql` brings version 1 to 2."""
