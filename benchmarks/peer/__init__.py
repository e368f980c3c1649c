"""The peer: a Django project with django-q2 and nothing else, as its manual sets it up."""
