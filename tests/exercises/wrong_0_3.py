"""Typical wrong answers to exercise 0.3. Each docstring is a part of the message meant for it."""


def _took(entry):
    return entry["end"] - entry["arrival"]


def _planned(entry):
    return entry["planned"]


def _slowest(entries):
    return max(entries, key=_took)


def invents_the_verdict(llm, mark):
    """no request of this case has it"""
    return "req_999999", 0.34, 4


def guesses_an_id_from_the_mark(llm, mark):
    """took"""
    return f"req_{mark + 2}", 0.34, 4


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


def returns_the_seconds_first(llm, mark):
    """in another order"""
    slowest = _slowest(llm.journal(since=mark))
    return _took(slowest), slowest["id"], llm.stats(since=mark)["peak"]


def returns_the_seconds_last(llm, mark):
    """in another order"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], llm.stats(since=mark)["peak"], _took(slowest)


def returns_constant_seconds(llm, mark):
    """to its end"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], 0.222, llm.stats(since=mark)["peak"]


def takes_the_second_entry(llm, mark):
    """the end of each request minus its arrival"""
    second = llm.journal(since=mark)[1]
    return second["id"], _took(second), llm.stats(since=mark)["peak"]


def takes_the_sixth_entry(llm, mark):
    """the end of each request minus its arrival"""
    sixth = llm.journal(since=mark)[5]
    return sixth["id"], _took(sixth), llm.stats(since=mark)["peak"]


def counts_from_the_arrival_of_the_first(llm, mark):
    """This counts from the arrival of the first"""
    entries = llm.journal(since=mark)
    slowest = _slowest(entries)
    return slowest["id"], slowest["end"] - entries[0]["arrival"], llm.stats(since=mark)["peak"]


def takes_the_planned_seconds(llm, mark):
    """without the wait for its turn"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], slowest["planned"], llm.stats(since=mark)["peak"]


def takes_the_one_with_the_longest_plan(llm, mark):
    """another had to wait before its own began"""
    longest = max(llm.journal(since=mark), key=_planned)
    return longest["id"], _took(longest), llm.stats(since=mark)["peak"]


def takes_the_one_with_the_most_tokens(llm, mark):
    """another had to wait before its own began"""
    longest = max(llm.journal(since=mark), key=lambda entry: entry["completion_tokens"])
    return longest["id"], _took(longest), llm.stats(since=mark)["peak"]


def takes_the_one_that_waited_longest(llm, mark):
    """but another took longer in all"""
    waited = max(llm.journal(since=mark), key=lambda entry: entry["queued"])
    return waited["id"], _took(waited), llm.stats(since=mark)["peak"]


def returns_the_mean_in_flight(llm, mark):
    """the third thing"""
    entries = llm.journal(since=mark)
    slowest = _slowest(entries)
    span = max(entry["end"] for entry in entries) - entries[0]["arrival"]
    return slowest["id"], _took(slowest), round(sum(map(_took, entries)) / span)


def counts_those_beside_the_slowest(llm, mark):
    """the third thing"""
    entries = llm.journal(since=mark)
    slowest = _slowest(entries)
    beside = [
        entry
        for entry in entries
        if entry["arrival"] < slowest["end"] and entry["end"] > slowest["arrival"]
    ]
    return slowest["id"], _took(slowest), len(beside)


def takes_the_last_twelve_entries(llm, mark):
    """from before the mark"""
    slowest = _slowest(llm.journal()[-12:])
    return slowest["id"], _took(slowest), llm.stats(since=mark)["peak"]


def takes_the_last_eight_entries(llm, mark):
    """the end of each request minus its arrival"""
    slowest = _slowest(llm.journal()[-8:])
    return slowest["id"], _took(slowest), llm.stats(since=mark)["peak"]


def returns_the_seconds_as_a_text(llm, mark):
    """a number, so no f"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], f"{_took(slowest):.2f} s", llm.stats(since=mark)["peak"]


def returns_a_dict(llm, mark):
    """return a, b, c"""
    slowest = _slowest(llm.journal(since=mark))
    return {"id": slowest["id"], "seconds": _took(slowest), "peak": llm.stats(since=mark)["peak"]}


def returns_all_the_sums(llm, mark):
    """["peak"] of this dict"""
    slowest = _slowest(llm.journal(since=mark))
    return slowest["id"], _took(slowest), llm.stats(since=mark)


def counts_those_that_waited_and_one(llm, mark):
    """the third thing"""
    entries = llm.journal(since=mark)
    slowest = _slowest(entries)
    return slowest["id"], _took(slowest), 1 + sum(entry["queued"] > 0.001 for entry in entries)
