"""Typical wrong answers to exercise 7.3. Each docstring is a part of the message meant for it."""

import random


def _passes(error):
    status = getattr(error, "status", 500)
    return getattr(error, "code", "") != "insufficient_quota" and (
        status in (408, 429) or status >= 500
    )


def _told(error):
    return getattr(error, "retry_after", None) or 0


def naive(attempt, error, budget):
    """0 were taken"""
    return 0.05


def never_again(attempt, error, budget):
    """seconds to wait after a 500"""
    return None


def jitter_alone(attempt, error, budget):
    """budget.take(): call it once"""
    return random.uniform(0, 0.05 * 2**attempt) if _passes(error) else None


def asks_the_budget_first(attempt, error, budget):
    """nothing taken from the budget"""
    if not budget.take() or not _passes(error):
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def retries_whatever_it_is(attempt, error, budget):
    """the key is wrong (401)"""
    if not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def knows_only_the_status(attempt, error, budget):
    """the account is empty (429)"""
    status = getattr(error, "status", 500)
    if not (status in (408, 429) or status >= 500) or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def gives_up_on_timeouts(attempt, error, budget):
    """after a timeout"""
    if getattr(error, "status", 0) < 408 or not _passes(error) or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def does_not_listen(attempt, error, budget):
    """in Retry-After"""
    if not _passes(error) or not budget.take():
        return None
    return random.uniform(0, min(10, 0.05 * 2**attempt))


def obeys_without_jitter(attempt, error, budget):
    """another wait each time, beside Retry-After"""
    if not _passes(error) or not budget.take():
        return None
    return _told(error) or random.uniform(0, min(10, 0.05 * 2**attempt))


def always_a_second(attempt, error, budget):
    """how the wait grows with the attempt"""
    if not _passes(error) or not budget.take():
        return None
    return _told(error) + random.uniform(0, 1)


def doubles_for_ever(attempt, error, budget):
    """what doubles thirty times"""
    if not _passes(error) or not budget.take():
        return None
    return _told(error) + random.uniform(0, 0.05 * 2**attempt)


def ignores_what_the_budget_says(attempt, error, budget):
    """when the budget is empty"""
    if not _passes(error):
        return None
    budget.take()
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def has_its_bound_outside(attempt, error, budget):
    """a min(…) around it cuts it off"""
    if not _passes(error) or not budget.take():
        return None
    return _told(error) + min(10, random.uniform(0, 0.05 * 2**attempt))


def bounds_what_it_is_told(attempt, error, budget):
    """at least the 30 s"""
    if not _passes(error) or not budget.take():
        return None
    return min(10, _told(error) + random.uniform(0, 0.05 * 2**attempt))


def has_jitter_that_nobody_sees(attempt, error, budget):
    """another wait each time, beside Retry-After"""
    if not _passes(error) or not budget.take():
        return None
    return _told(error) + min(10, 0.05 * 2**attempt) + random.uniform(0, 1e-6)


def never_retries_when_too_fast(attempt, error, budget):
    """after a 429 (too fast)"""
    if getattr(error, "status", 500) < 500 or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def knows_only_a_wrong_key(attempt, error, budget):
    """the request is malformed (400)"""
    hopeless = getattr(error, "status", 500) == 401 or "exceeded" in str(error)
    if hopeless or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def looks_for_words(attempt, error, budget):
    """the request is malformed (400)"""
    if "key" in str(error) or "exceeded" in str(error) or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def pays_nothing_when_told(attempt, error, budget):
    """after a 503 with Retry-After"""
    if not _passes(error):
        return None
    if not budget.take() and not _told(error):
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def gives_up_after_one_retry(attempt, error, budget):
    """at attempt 1, with a full budget"""
    if 0 < attempt < 4 or not _passes(error) or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def knows_three_of_the_passing(attempt, error, budget):
    """after a 502"""
    status = getattr(error, "status", 500)
    if not _passes(error) or status not in (429, 500, 503) or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def has_a_list_of_the_hopeless(attempt, error, budget):
    """the request is too long (413)"""
    empty = getattr(error, "code", "") == "insufficient_quota"
    if empty or getattr(error, "status", 500) in (400, 401, 403, 404) or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def looks_for_quota_in_the_text(attempt, error, budget):
    """and not its text"""
    if "quota" in str(error) or not _passes(error) or not budget.take():
        return None
    return _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))


def has_jitter_that_spreads_nobody(attempt, error, budget):
    """another wait each time, after 4 failures"""
    if not _passes(error) or not budget.take():
        return None
    return _told(error) + min(10, 0.05 * 2**attempt) + random.uniform(0, 0.006)


def waits_ten_times_what_it_is_told(attempt, error, budget):
    """270 s beside Retry-After"""
    if not _passes(error) or not budget.take():
        return None
    return 10 * _told(error) + random.uniform(0, min(10, 0.05 * 2**attempt))
