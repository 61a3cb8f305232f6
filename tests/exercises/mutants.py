"""Three generic ways to spoil a solution: no limit, one at a time, no second attempt."""

import ast

LIMITERS = {"ThreadPoolExecutor", "Semaphore", "BoundedSemaphore", "TCPConnector"}
RUN_NOW = """
async def _run_now(coroutine):
    import asyncio
    task = asyncio.ensure_future(coroutine)
    await asyncio.wait([task])
    return task

async def _in_a_row(*coroutines, return_exceptions=False):
    tasks = [await _run_now(coroutine) for coroutine in coroutines]
    return [(return_exceptions and task.exception()) or task.result() for task in tasks]
"""


def _name(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


class _Limits(ast.NodeTransformer):
    """Every limit becomes another number: pools, semaphores, connections, workers, a pace."""

    def __init__(self, number):
        self.number = number

    def visit_Call(self, node):
        self.generic_visit(node)
        if _name(node) in LIMITERS:
            node.args = [ast.Constant(self.number) for _ in node.args]
            for keyword in node.keywords:
                keyword.value = ast.Constant(self.number)
        elif _name(node) == "range" and ast.unparse(node) == "range(limit)":
            node.args = [ast.Constant(self.number)]
        elif _name(node) == "sleep" and self.number > 1 and "/" in ast.unparse(node):
            node.args = [ast.Constant(0)]
        return node


class _InARow(ast.NodeTransformer):
    """Each task runs to its end before the next one is made."""

    def visit_Call(self, node):
        self.generic_visit(node)
        if _name(node) == "create_task":
            return ast.Await(ast.Call(ast.Name("_run_now", ast.Load()), node.args, []))
        if _name(node) == "gather":
            node.func = ast.Name("_in_a_row", ast.Load())
        return node


class _OneAttempt(ast.NodeTransformer):
    """`range(attempts)` and the like give one round only."""

    def visit_Call(self, node):
        self.generic_visit(node)
        if ast.unparse(node) in ("range(attempts)", "range(6)", "range(5)", "range(max_steps)"):
            node.args = [ast.Constant(1)]
        return node


MUTATIONS = {
    "no limit": [_Limits(1000)],
    "one at a time": [_Limits(1), _InARow()],
    "one attempt": [_OneAttempt()],
}


def mutate(source, mutation):
    """The spoilt source, None where there is nothing to spoil."""
    tree = ast.parse(source)
    before = ast.unparse(tree)
    for transformer in MUTATIONS[mutation]:
        tree = transformer.visit(tree)
    after = ast.unparse(ast.fix_missing_locations(tree))
    return None if after == before else RUN_NOW + after
