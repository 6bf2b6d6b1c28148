"""What a poll, a ballot and a voter are, and the rules of voting: pure values, no I/O and no clock."""
