"""What every resource of the REST API shares: times in UTC, parameters that are all known, and errors as sentences."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, Any

import django_filters
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError as FormError
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.generics import get_object_or_404 as or_404
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet
