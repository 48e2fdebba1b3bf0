"""What can be done at GitHub, by noun: each act changes the world and tells the Apps by webhook.

The HTTP routes and `people.Person` call the same acts, so a person and a program meet the same rules.
"""
