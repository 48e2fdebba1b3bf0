"""GitHub over HTTP: `app.GitHubApp` gives the `core.github.GitHub` of one repository.

Every request goes through `requests.py`; whose credential it carries is decided in `tokens.py`; what an unhappy
answer means stands in `refusals.py`; JSON is read in `parse.py` and nowhere else.
"""
