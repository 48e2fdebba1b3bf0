import unittest

from slugs import slugify


class SlugifyTest(unittest.TestCase):
    def test_words_are_joined_by_hyphens(self):
        self.assertEqual(slugify("Hello World"), "hello-world")

    def test_digits_stay(self):
        self.assertEqual(slugify("Top 10"), "top-10")


if __name__ == "__main__":
    unittest.main()
