"""What the server of morango answers: its own protocol, and how many receipts it has."""

from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from receipts.models import Receipt


def count(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"count": Receipt.objects.count()})


urlpatterns = [path("api/morango/v1/", include("morango.api.urls")), path("count", count)]
