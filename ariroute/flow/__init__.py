"""What to do with a contact. Pure: same input, same decision."""
