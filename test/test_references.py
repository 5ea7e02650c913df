# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Every source a docstring names by its key is in docs/references.bib."""

from pathlib import Path
import re

ROOT = Path(__file__).resolve().parents[1]
KEY = r'``[a-z][a-z0-9_]+``|[a-z]+[0-9]{4}'
CITATION = re.compile(rf'\bkeys?\s+((?:{KEY})(?:\s+and\s+(?:{KEY}))*)')


def cited_keys():
    keys = {}
    for folder in ('geoloc_ros', 'simulation'):
        for path in sorted((ROOT / folder).rglob('*.py')):
            for citation in CITATION.findall(path.read_text(encoding='utf-8')):
                for key in re.findall(KEY, citation):
                    keys.setdefault(key.strip('`'), path.relative_to(ROOT))
    return keys


def test_every_cited_source_is_listed():
    text = (ROOT / 'docs' / 'references.bib').read_text(encoding='utf-8')
    listed = re.findall(r'^@[a-z]+\{([^,]+),$', text, flags=re.MULTILINE)
    assert listed == sorted(set(listed)), 'keys must be in order and there once'
    cited = cited_keys()
    # Guards the search itself: keys with and without back quotes, one and two a line.
    assert {'snyder1987', 'xia2021', 'liu2001', 'musso2001'} <= set(cited)
    missing = {key: str(path) for key, path in cited.items() if key not in listed}
    assert not missing, f'add to docs/references.bib: {missing}'
