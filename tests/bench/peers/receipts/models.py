"""What morango carries: a receipt as one row."""

from django.db import models
from morango.models import SyncableModel

PROFILE = "bench"


class Receipt(SyncableModel):
    """A receipt of a store, in the part of the data set that is the store's."""

    morango_profile = PROFILE
    morango_model_name = "receipt"
    dataset = models.CharField(max_length=32)
    uid = models.CharField(max_length=36)
    body = models.TextField()

    class Meta:
        app_label = "receipts"

    def calculate_source_id(self) -> str:
        return self.uid

    def calculate_partition(self) -> str:
        return f"{self.dataset}:receipts"
