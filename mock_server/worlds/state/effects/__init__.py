"""Effects at work: steps read and change the records of a world, over a stage that nobody else sees yet."""
