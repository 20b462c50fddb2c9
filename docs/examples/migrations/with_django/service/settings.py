"""As little as Django needs to migrate."""

from __future__ import annotations

SECRET_KEY = "signs nothing here"  # noqa: S105  # no page is served
INSTALLED_APPS = ["chat"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "chat.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
