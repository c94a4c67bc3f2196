"""Whether a reader would find the target in an answer."""

import pytest

from chateval.compare.lenient import stands_in


@pytest.mark.parametrize(
    ("target", "text", "found"),
    [
        ("Paris", "The capital is Paris.", True),
        ("Paris", "the capital is PARIS", True),
        ("New York", "It is New\n  York, of course", True),
        ("Paris", "Parisian food", False),
        ("Paris", "", False),
        ("", "anything", False),
        ("C++", "I would use C++ here", True),
        ("42", "42", True),
        ("42", "The answer is 42", True),
        ("42", "First 42.\nNo, it is 40.", True),
        ("42", "We have 40.\n40 + 2 = 42, then\nit is 50", False),
        ("42", "Thinking.\n#### 42\nNext question: 7", True),
        ("42", "Thinking.\nSo \\boxed{42} it is.\nNext: 7", True),
        ("1000", "It is 1,000", True),
        ("42", "142", False),
        ("4", "4.5", False),
        ("-3", "It is -3", True),
        ("B", "The answer is B", True),
        ("B", "(B)", True),
        ("B", "B. Paris", True),
        ("A", "A dog is an animal", False),
        ("B", "I like Bees", False),
        ("巴黎", "答案是巴黎。", True),
        ("巴黎", "答案是里昂。", False),
    ],
)
def test_a_target_is_found_as_a_reader_would(target, text, found):
    assert stands_in(target, text) is found
