"""A blind comparison of two folders of pictures, for people: which one of each pair is better."""

from rechroma.compare.page import write_page
from rechroma.compare.pairs import Pair, find_pairs

__all__ = ["Pair", "find_pairs", "write_page"]
