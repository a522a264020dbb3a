"""What schemathesis does not know of the API: who sends a request, about what, and which rules are beyond a schema.

Most requests are sent by one person, so that what one of them makes is there for the others. Those after which
this person could not go on (signed out, deleted, under another password) are sent by somebody who signs up for
this one request. So are those about an id of the document's examples, which names nothing: somebody with such an
object sends them. Left to their refusals are what needs a mail or a provider to go on: verification links, new
passwords, sign-in with others; and what needs a code of an authenticator.
"""

import os
import re
from uuid import uuid4

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData

ORIGIN = os.environ["FUZZ_ORIGIN"]
MEMBER_TOKEN = os.environ["FUZZ_MEMBER_TOKEN"]
ADMINISTRATOR_TOKEN = os.environ["FUZZ_ADMINISTRATOR_TOKEN"]
# Whom the administrator is not to disable or sign out.
KEPT_IDS = os.environ["FUZZ_KEPT_IDS"].split(",")
# As in the examples of the document, so that these succeed.
PASSWORD = "correct horse battery"
EXAMPLE_EMAIL = "ada@example.com"
EXAMPLE_ID = re.compile("68f1c2a79d3e4b5a6c7d8[0-9a-f]{3}")

ENDS_THE_SESSION = {
    "auth.logout",
    "auth.endSession",
    "auth.endOtherSessions",
    "users.remove",
    "users.changePassword",
    # Every proof would ask for a code from then on.
    "secondFactor.enrol",
    "secondFactor.confirm",
    "secondFactor.disable",
    "secondFactor.replaceRecoveryCodes",
}

# A request with one of these is well-formed; what it names, or when it comes, is what is wrong with it.
RULES_OF_SERVICES = {
    "batch_held_back",
    "breached_password",
    "common_password",
    "cycle",
    "does_not_fit",
    "due_date_missing",
    "estimated",
    "invalid_cursor",
    "last_occurrence",
    "not_found",
    "nothing_to_find",
    "out_of_range",
    "personal_password",
    "title_missing",
    "too_deep",
    "weak_password",
}
# Languages, and rules between members, by the member that is refused and the code that it is refused with.
BEYOND_THE_SCHEMA = {
    # A filter and a recurrence rule are to be parsed, a time zone and a page to return to looked up.
    ("filter", "custom"),
    ("recurrence", "custom"),
    ("timeZone", "custom"),
    ("redirectUri", "custom"),
    # 72 bytes in UTF-8.
    ("password", "custom"),
    ("newPassword", "custom"),
    # The other bound, another field, another operation.
    ("to", "custom"),
    ("sort", "custom"),
    ("operations", "custom"),
    # So many words.
    ("q", "too_big"),
    # Required only of accounts that have one.
    ("password", "invalid_type"),
    ("currentPassword", "invalid_type"),
}


# Made by those who signed up for one request, and so for nobody else.
OBJECTS_OF_VISITORS = set()


def operation_id(operation):
    return operation.definition.raw["operationId"]


class Person:
    """Somebody who has just signed up."""

    def __init__(self):
        account = {"email": f"{uuid4()}@example.com", "password": PASSWORD, "name": "Eve"}
        self.headers = {}
        signed_in = self.send("POST", "/auth/register", json=account)
        self.id = signed_in["user"]["id"]
        self.token = signed_in["accessToken"]
        self.headers["Authorization"] = f"Bearer {self.token}"

    def send(self, method, path, **content):
        answer = requests.request(method, f"{ORIGIN}/api/v1{path}", headers=self.headers, timeout=10, **content)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def make(self, path, **body):
        id = self.send("POST", path, json=body)["id"]
        OBJECTS_OF_VISITORS.add(id)
        return id

    def make_task(self):
        return self.make("/tasks", title="Pay rent", dueDate="2026-12-01", recurrence="FREQ=WEEKLY")

    def make_trash(self):
        task = self.make_task()
        self.send("DELETE", f"/tasks/{task}")
        return task

    def make_section(self):
        return self.make("/sections", projectId=self.make("/projects", name="House"), name="Kitchen")


MAKERS = {
    "tasks": Person.make_task,
    "trash": Person.make_trash,
    "sections": Person.make_section,
    "projects": lambda person: person.make("/projects", name="House"),
    "labels": lambda person: person.make("/labels", name="home"),
    "filters": lambda person: person.make("/filters", name="Next", filter="today"),
    "api-tokens": lambda person: person.make(
        "/users/me/api-tokens", name="Report", scopes=["tasks:read"], password=PASSWORD
    ),
}
PART_MAKERS = {
    "commentId": lambda person, task: person.make(f"{task}/comments", text="Done."),
    "reminderId": lambda person, task: person.make(f"{task}/reminders", before="PT30M"),
    "attachmentId": lambda person, task: person.send("POST", f"{task}/attachments?name=a.txt", data=b"abc")["id"],
}
MEMBER_MAKERS = {
    "projectId": MAKERS["projects"],
    "sectionId": MAKERS["sections"],
    "parentId": MAKERS["tasks"],
    "before": None,
    "after": None,
}


def is_example(value):
    return isinstance(value, str) and EXAMPLE_ID.fullmatch(value) is not None


def give_objects(case):
    """Has somebody send the request who has what it is about."""
    person = Person()
    case.headers["Authorization"] = f"Bearer {person.token}"
    kind = case.path.removeprefix("/api/v1/").removeprefix("users/me/").split("/")[0]
    parameters = case.path_parameters
    if kind in MAKERS and is_example(parameters.get("id")):
        parameters["id"] = MAKERS[kind](person)
        for name, make in PART_MAKERS.items():
            if is_example(parameters.get(name)):
                parameters[name] = make(person, f"/tasks/{parameters['id']}")
    if isinstance(case.body, dict):
        for name, value in case.body.items():
            if name in MEMBER_MAKERS and is_example(value):
                make = MEMBER_MAKERS[name] or MAKERS[kind]
                case.body[name] = make(person)


def names_examples(case):
    values = list(case.path_parameters.values())
    if isinstance(case.body, dict):
        values += [value for name, value in case.body.items() if name in MEMBER_MAKERS]
    return any(is_example(value) for value in values)


# The tokens of those who signed up for one request: whoever comes with another one is not to be helped.
VISITORS = set()


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, _case, context):
        name = operation_id(context.operation)
        if name in ENDS_THE_SESSION:
            VISITORS.add(token := Person().token)
            return token
        return ADMINISTRATOR_TOKEN if name.startswith("admin.") else MEMBER_TOKEN

    def set(self, case, token, _context):
        case.headers["Authorization"] = f"Bearer {token}"


def has_token_of_visitor(case):
    return case.headers.get("Authorization", "").removeprefix("Bearer ") in VISITORS


def is_right(case, location):
    return case.meta is None or not case.meta.is_negative_at(location)


def mend_headers_and_cursor(case):
    """Otherwise every second request would be refused before anybody looks at the rest of it."""
    # The coverage phase cannot make a header that needs quotes, and puts 0 in its place.
    phase = case.meta.phase.data if case.meta else None
    for name in ("If-Match", "If-None-Match"):
        if str(case.headers.get(name)) == "0" and getattr(phase, "parameter", None) != name:
            case.headers[name] = '"1"'
    if "Idempotency-Key" in case.headers and is_right(case, ParameterLocation.HEADER):
        case.headers["Idempotency-Key"] = str(uuid4())
    # Real ones are JSON in base64.
    cursor = (case.query or {}).get("cursor")
    if isinstance(cursor, str) and not cursor.startswith("Wy") and is_right(case, ParameterLocation.QUERY):
        del case.query["cursor"]


@schemathesis.hook
def before_call(_context, case, _kwargs):
    mend_headers_and_cursor(case)
    name = operation_id(case.operation)
    id = case.path_parameters.get("id")
    if name.startswith("admin.") and (is_example(id) or (id in KEPT_IDS and case.method != "GET")):
        case.path_parameters["id"] = Person().id
    elif name == "auth.endSession" and is_example(id) and has_token_of_visitor(case):
        person = Person()
        case.headers["Authorization"] = f"Bearer {person.token}"
        case.path_parameters["id"] = person.send("GET", "/auth/sessions")["data"][0]["id"]
    elif name == "auth.register" and isinstance(case.body, dict) and case.body.get("email") == EXAMPLE_EMAIL:
        case.body["email"] = f"{uuid4()}@example.com"
    elif case.headers.get("Authorization") == f"Bearer {MEMBER_TOKEN}" and names_examples(case):
        give_objects(case)


def is_beyond_the_schema(violation):
    member = violation["path"].split(".")[-1]
    code = violation["code"]
    # What is left of a line is the title, which has its own bound.
    if violation["message"].startswith("does not make a task"):
        return True
    return code in RULES_OF_SERVICES or (member, code) in BEYOND_THE_SCHEMA


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """Keeps a failure unless the request was refused for what the schema cannot say, or for who sent it."""
    if isinstance(failure, EnsureResourceAvailability):
        return OBJECTS_OF_VISITORS.isdisjoint(case.path_parameters.values())
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    problem = response.json()
    if problem["code"] != "validation_failed":
        return False
    return not all(is_beyond_the_schema(violation) for violation in problem["errors"])


@schemathesis.check
def declared_problem(_context, response, case):
    """A failure is one of those that the document has for its status; the standard checks ask for the status only."""
    declared = case.operation.responses.find_by_status_code(response.status_code)
    if response.status_code < 400 or declared is None:
        return
    code = response.json()["code"]
    examples = declared.definition["content"]["application/problem+json"]["examples"]
    assert code in examples, f"{code} is not declared for {response.status_code}"
