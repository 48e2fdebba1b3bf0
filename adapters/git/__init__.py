"""Git: the mirrors and clones of repositories, and the one function that runs it."""
