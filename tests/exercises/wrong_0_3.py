"""Typical wrong answers to exercise 0.3. Each docstring is a part of the message meant for it."""


def _took(entry):
    return entry["end"] - entry["arrival"]


def _slowest(entries):
    return max(entries, key=_took)


def invents_the_verdict(llm, mark):
    """no request of this case has it"""
    return "req_999999", 0.34, 4


def guesses_an_id_from_the_mark(llm, mark):
    """took"""
    return f"req_{mark + 5}", 0.34, 4


def forgets_the_mark(llm, mark):
    """from before the mark"""
    slowest = _slowest(llm.journal())
    return slowest["id"], _took(slowest), llm.stats()["peak"]


def forgets_the_mark_in_the_stats(llm, mark):
    """this was the most before the mark"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], _took(slowest), llm.stats()["peak"]


def counts_all_instead_of_those_at_one_time(llm, mark):
    """not at the same time"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], _took(slowest), llm.stats(since=mark)["requests"]


def returns_the_entry(llm, mark):
    """what you return of the entry"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest, _took(slowest), llm.stats(since=mark)["peak"]


def takes_the_last_to_end(llm, mark):
    """the end of each request minus its arrival"""
    last = max(llm.journal(since=mark), key=lambda entry: entry["end"])
    return last["id"], _took(last), llm.stats(since=mark)["peak"]


def takes_the_last_to_arrive(llm, mark):
    """the end of each request minus its arrival"""
    last = llm.journal(since=mark)[-1]
    return last["id"], _took(last), llm.stats(since=mark)["peak"]


def takes_the_quickest(llm, mark):
    """the end of each request minus its arrival"""
    quickest = min(llm.journal(since=mark), key=_took)
    return quickest["id"], _took(quickest), llm.stats(since=mark)["peak"]


def answers_in_milliseconds(llm, mark):
    """these are milliseconds"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], 1000 * _took(slowest), llm.stats(since=mark)["peak"]


def returns_the_end_instead_of_the_duration(llm, mark):
    """the second thing"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], slowest["end"], llm.stats(since=mark)["peak"]


def returns_a_constant_for_the_peak(llm, mark):
    """the third thing"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], _took(slowest), 3


def returns_only_the_id(llm, mark):
    """three things"""
    return _slowest(llm.journal(since=mark))["id"]


def returns_the_mean_as_in_the_exercise_before(llm, mark):
    """three things"""
    times = [_took(entry) for entry in llm.journal(since=mark)]
    return sum(times) / len(times)
