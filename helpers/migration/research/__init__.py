"""A research agent in seven states, from step_0, synchronous, to step_6, asynchronous throughout.

    python -m helpers.migration.research.step_0 --server http://127.0.0.1:8000 \\
        --database answers.db "Who is the head of design?"

Each is a whole program: it searches, asks the model, stores question, answer and sources in SQLite,
and prints. Lesson 12 shows what each step changes, so the code bears no types: in a difference they
would be noise. `common` is what no step changes; `test_program` holds the tests that every step
passes; `wrong_order` takes step 4 before step 3.
"""
