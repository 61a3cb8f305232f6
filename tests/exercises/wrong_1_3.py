"""Typical wrong answers to exercise 1.3. Each docstring is a part of the message meant for it."""


def _whole(journal):
    first = min(entry["arrival"] for entry in journal)
    return max(entry["end"] for entry in journal) - first


def _right(journal):
    shares = {"between": 100}
    for entry in journal:
        share = 100 * (entry["end"] - entry["arrival"]) / _whole(journal)
        shares[entry["kind"]] = shares.get(entry["kind"], 0) + share
        shares["between"] -= share
    return shares


def returns_nothing(journal):
    """a function without one returns None"""
    _right(journal)


def returns_a_list(journal):
    """a dict {kind: share in per cent}"""
    return list(_right(journal).items())


def a_constant(journal):
    """by the whole time"""
    return {"search": 10.5, "chat": 60.5, "weather": 9.5, "notes": 5.5, "between": 14.0}


def two_constants(journal):
    """by the whole time"""
    shares = {"search": 13.2, "chat": 51.4, "weather": 14.9, "notes": 6.6, "between": 13.9}
    if len(journal) == 3:
        shares = {"search": 14.3, "chat": 62.0, "notes": 9.5, "between": 14.2}
    return shares


def always_has_a_weather(journal):
    """and no other"""
    return {"weather": 0, **_right(journal)}


def counts_requests(journal):
    """and not how many there were"""
    shares = {"between": 0}
    for entry in journal:
        shares[entry["kind"]] = shares.get(entry["kind"], 0) + 100 / len(journal)
    return shares


def the_second_call_replaces_the_first(journal):
    """a kind that comes twice"""
    shares = {}
    for entry in journal:
        shares[entry["kind"]] = 100 * (entry["end"] - entry["arrival"]) / _whole(journal)
    shares["between"] = 100 - sum(shares.values())
    return shares


def forgets_the_time_between(journal):
    """and no other"""
    shares = _right(journal)
    del shares["between"]
    return shares


def takes_the_requests_for_the_whole(journal):
    """the sum of all requests is less"""
    shares = _right(journal)
    asked = 100 - shares.pop("between")
    return {kind: 100 * share / asked for kind, share in shares.items()} | {"between": 0}


def nothing_is_left(journal):
    """what is left of 100"""
    return {**_right(journal), "between": 0}


def fractions_of_one(journal):
    """these are fractions of 1"""
    return {kind: share / 100 for kind, share in _right(journal).items()}


def in_seconds(journal):
    """these are seconds"""
    whole = _whole(journal)
    return {kind: share / 100 * whole for kind, share in _right(journal).items()}


def ends_when_the_last_request_arrives(journal):
    """by the whole time"""
    whole = journal[-1]["arrival"] - journal[0]["arrival"]
    return {kind: share * _whole(journal) / whole for kind, share in _right(journal).items()}


def _kinds(journal, seconds_of):
    shares = {"between": 100}
    for entry in journal:
        share = 100 * seconds_of(entry) / _whole(journal)
        shares[entry["kind"]] = shares.get(entry["kind"], 0) + share
        shares["between"] -= share
    return shares


def as_the_server_planned(journal):
    """begin with its arrival"""
    return _kinds(journal, lambda entry: entry["planned"])


def from_the_start_of_the_work(journal):
    """begin with its arrival"""
    return _kinds(journal, lambda entry: entry["end"] - entry["started"])


def cut_to_whole_numbers(journal):
    """int() cuts off"""
    shares = {}
    for entry in journal:
        share = 100 * (entry["end"] - entry["arrival"]) / _whole(journal)
        shares[entry["kind"]] = shares.get(entry["kind"], 0) + int(share)
    return {**shares, "between": 100 - sum(shares.values())}


def texts_for_numbers(journal):
    """one number for each kind"""
    return {kind: f"{share:.1f} %" for kind, share in _right(journal).items()}


def pairs_for_numbers(journal):
    """one number for each kind"""
    return {kind: (share, share) for kind, share in _right(journal).items()}


def has_a_total(journal):
    """the kinds of this journal and `between`, and no other"""
    return {**_right(journal), "total": 100}
