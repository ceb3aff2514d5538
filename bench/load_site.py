"""The site of bench.load: Proofsheet as it is, and beside it the yardstick.

The yardstick is the barest Django view that stores something: one INSERT, one commit, on the same
server, database and middleware. It is mounted here only, never in the program.
"""

import os

from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as product


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    Session.objects.create(
        session_key=os.urandom(20).hex(), session_data="x" * 200, expire_date=timezone.now()
    )
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("bare/", insert), *product]
