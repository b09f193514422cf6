"""Pictures that look equal, found without comparing each with each."""

from collections import defaultdict
from itertools import count

import numpy as np

# Grey levels of two near duplicates' root mean square difference.
ALIKE = 6


def near_duplicates(looks, near):
    """Groups of pictures that are alike, by index: each is alike to another of its group.

    Of `near + 1` parts of the hash, two that differ in `near` bits share one. So only
    pictures with an equal part are compared, and, as means differ by no more than the
    thumbnails do, only those of about the same brightness: each with the next in that order,
    the one after it, and so on while any is close enough.
    """
    codes = np.stack([seen.difference_hash for seen in looks]).view("uint64").ravel()
    thumbnails = np.stack([seen.thumbnail for seen in looks])
    brightness = thumbnails.mean((1, 2))
    parent = list(range(len(looks)))

    def root(i):
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    bits = 64 // (near + 1)
    for part in range(near + 1):
        keys = (codes >> np.uint64(bits * part)) & np.uint64(2**bits - 1)
        order = np.lexsort((brightness, keys))
        first = np.arange(len(order))
        for ahead in count(1):
            first = first[: np.searchsorted(first, len(order) - ahead)]
            a, b = order[first], order[first + ahead]
            close = (keys[a] == keys[b]) & (brightness[b] - brightness[a] <= ALIKE)
            first, a, b = first[close], a[close], b[close]
            if not len(first):
                break
            close = np.bitwise_count(codes[a] ^ codes[b]) <= near
            a, b = a[close], b[close]
            difference = thumbnails[a].astype("float32") - thumbnails[b]
            close = (difference**2).mean((1, 2)) <= ALIKE**2
            for i, j in zip(a[close], b[close]):
                i, j = sorted((root(i), root(j)))
                parent[j] = i
    groups = defaultdict(list)
    for i in range(len(looks)):
        groups[root(i)].append(i)
    return [group for group in groups.values() if len(group) > 1]
