"""One file that holds everything: the database, the stored files and what they should be."""
