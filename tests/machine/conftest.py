"""The machine plays in the world of the stories, so their folder is on the path here too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "story"))
