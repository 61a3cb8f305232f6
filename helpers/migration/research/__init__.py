"""A research agent in seven states: step_0 is synchronous, step_6 asynchronous throughout. Lesson 12 reads them.

    python -m helpers.migration.research.step_0 --server http://127.0.0.1:8000 --database answers.db "Who is the head of design?"

Each is a whole program: it searches, asks the model, stores question, answer and sources in SQLite, and prints.
`common` is what no step changes; `checks` are the tests that every step passes; `wrong_order` takes step 4 before 3.
"""
