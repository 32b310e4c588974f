# SPDX-License-Identifier: ISC
"""For tests: ticket systems that hold a request against what their vendors document, and refuse with 400
and a sentence whatever is not so. They keep tickets in memory.

  Jira Cloud   https://developer.atlassian.com/cloud/jira/platform/rest/v3/ (ADF texts, search/jql)
  Jira Server  https://docs.atlassian.com/software/jira/docs/api/REST/ (v2, plain texts, search)
  GitLab       https://docs.gitlab.com/api/issues/ and /api/notes/
  Anything     a made-up one, for a test's own mapping file

Beside the API, PUT /test/NAME with {"value": …} sets an attribute, as a person would change something.
"""
import base64
import json
import re
import urllib.parse


class Fault(Exception):
    def __init__(self, status, said):
        super().__init__(said)
        self.status, self.said = status, said


def need(condition, sentence, status=400):
    if not condition:
        raise Fault(status, sentence)


def only(value, types, where):
    """value is an object with just these members, each of its type; those that end in ? may lack."""
    need(isinstance(value, dict), f"{where} is no object")
    known = {name.rstrip("?"): kind for name, kind in types.items()}
    for name, item in value.items():
        need(name in known, f"{where}.{name} is unknown")
        need(isinstance(item, known[name]) and not (known[name] is int and isinstance(item, bool)),
             f"{where}.{name} is {type(item).__name__}, not {known[name].__name__}")
    for name in types:
        need(name.endswith("?") or name in value, f"{where}.{name} is missing")


class Tracker:
    def __init__(self):
        self.tickets = []
        self.fail = {}  # step: status
        self.stuck = False  # changes of the status are agreed to, and not made

    def handle(self, method, path, headers, body):
        url = urllib.parse.urlsplit(path)
        try:
            query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
            given = json.loads(body) if body else None
            if url.path.startswith("/test/"):
                setattr(self, url.path[6:], given["value"])
                return 200, {}
            need(headers.get("Accept") == "application/json", "Accept")
            need(body == b"" or headers.get("Content-Type") == "application/json", "Content-Type")
            self.login(headers)
            parts = [urllib.parse.unquote(p) for p in url.path.split("/")[1:]]
            return self.route(method, parts, query, given)
        except Fault as f:
            return f.status, self.error(f.said)
        except (KeyError, ValueError, TypeError) as e:
            return 400, self.error(f"{type(e).__name__}: {e}")

    def ticket(self, test, status=404):
        for t in self.tickets:
            if test(t):
                return t
        raise Fault(status, "no such ticket")


class Jira(Tracker):
    version = "3"
    transitions = {"To Do": ["In Progress", "Done"], "In Progress": ["To Do", "Done"], "Done": ["In Progress"]}

    def error(self, said):
        return {"errorMessages": [said], "errors": {}}

    def login(self, headers):
        wanted = "Basic " + base64.b64encode(b"bot@hospital.example:t0ken").decode()
        need(headers.get("Authorization") == wanted, "Client must be authenticated to access this resource.", 401)

    def words(self, value, where):
        only(value, {"type": str, "version": int, "content": list}, where)
        need(value["type"] == "doc" and value["version"] == 1, f"{where} is no ADF document")
        found = ""
        for block in value["content"]:
            only(block, {"type": str, "content": list}, where)
            need(block["type"] in ("paragraph", "codeBlock"), f"{where}: {block['type']}")
            for text in block["content"]:
                only(text, {"type": str, "text": str}, where)
                need(text["type"] == "text" and text["text"] != "", f"{where}: an empty text")
                found += text["text"]
        return found

    def search(self, method, parts, given):
        need(method == "POST" and parts == ["search", "jql"], "no such resource", 404)
        only(given, {"jql": str, "fields": list, "maxResults": int}, "search")
        return {"issues": self.found(given), "isLast": True}

    def found(self, given):
        m = re.fullmatch(r'labels = "([^"\\]+)" ORDER BY created ASC', given["jql"])
        need(m, "Error in the JQL Query")
        need(given["fields"] == ["labels"], "fields")
        return [{"id": str(t["n"]), "key": t["key"], "fields": {"labels": t["labels"]}}
                for t in self.tickets if m[1] in t["labels"]]

    def assign(self, given):
        only(given, {"accountId": str}, "assignee")
        return given["accountId"]

    def show_owner(self, name):
        return name and {"accountId": name}

    def route(self, method, parts, query, given):
        need(parts[:3] == ["rest", "api", self.version], "no such resource", 404)
        parts = parts[3:]
        if (method, parts) == ("GET", ["project", "CARE"]):
            return 200, {"id": "1", "key": "CARE", "name": "Care"}
        if parts[0] == "search":
            return 200, self.search(method, parts, given)
        if (method, parts) == ("POST", ["issue"]):
            return 201, self.create(given)
        need(parts[0] == "issue" and len(parts) > 1, "no such resource", 404)
        t = self.ticket(lambda t: parts[1] in (t["key"], t.get("earlier")))
        what = (method, *parts[2:])
        if what == ("GET",):
            need(query == {"fields": "status,assignee"}, "query")
            return 200, {"id": str(t["n"]), "key": t["key"], "fields": {
                "status": {"name": t["status"], "id": "1"}, "assignee": self.show_owner(t["owner"])}}
        if what == ("GET", "comment"):
            return 200, {"startAt": 0, "maxResults": 100, "total": len(t["comments"]), "comments": [
                {"id": str(i), "body": c} for i, c in enumerate(t["comments"])]}
        if what == ("POST", "comment"):
            only(given, {"body": dict if self.version == "3" else str}, "comment")
            self.words(given["body"], "comment.body")
            t["comments"].append(given["body"])
            return 201, {"id": str(len(t["comments"]))}
        if what == ("GET", "transitions"):
            return 200, {"transitions": [{"id": str(10 + list(self.transitions).index(to)), "name": "go",
                                          "to": {"name": to}} for to in self.transitions[t["status"]]]}
        if what == ("POST", "transitions"):
            only(given, {"transition": dict}, "transitions")
            only(given["transition"], {"id": str}, "transition")
            to = list(self.transitions)[int(given["transition"]["id"]) - 10]
            need(to in self.transitions[t["status"]], "It seems that you have tried to perform an illegal workflow operation.")
            if not self.stuck:
                t["status"] = to
            return 204, None
        if what == ("PUT", "assignee"):
            t["owner"] = self.assign(given)
            return 204, None
        raise Fault(405, "Method Not Allowed")

    def create(self, given):
        only(given, {"fields": dict}, "issue")
        f = given["fields"]
        only(f, {"project": dict, "issuetype": dict, "summary": str, "labels": list,
                 "description": dict if self.version == "3" else str}, "fields")
        only(f["project"], {"key": str}, "project")
        only(f["issuetype"], {"name": str}, "issuetype")
        need(f["project"]["key"] == "CARE", "project")
        need(all(isinstance(label, str) and " " not in label for label in f["labels"]), "The label can't contain spaces.")
        need(0 < len(f["summary"]) <= 255 and "\n" not in f["summary"], "summary")
        n = len(self.tickets) + 1
        self.tickets.append({"n": n, "key": f"CARE-{n}", "labels": f["labels"], "status": "To Do", "owner": None,
                             "text": self.words(f["description"], "description"), "comments": []})
        return {"id": str(n), "key": f"CARE-{n}", "self": f"https://x/rest/api/{self.version}/issue/{n}"}


class JiraServer(Jira):
    version = "2"

    def login(self, headers):
        need(headers.get("Authorization") == "Bearer t0ken", "You are not authenticated.", 401)

    def words(self, value, where):
        need(isinstance(value, str) and value != "", f"{where} is no text")
        return value

    def search(self, method, parts, given):
        need(method == "POST" and parts == ["search"], "no such resource", 404)
        only(given, {"jql": str, "fields": list, "maxResults": int}, "search")
        return {"startAt": 0, "total": len(self.tickets), "issues": self.found(given)}

    def assign(self, given):
        only(given, {"name": str}, "assignee")
        return given["name"]

    def show_owner(self, name):
        return name and {"name": name}


class GitLab(Tracker):
    def error(self, said):
        return {"message": said}

    def login(self, headers):
        need(headers.get("PRIVATE-TOKEN") == "t0ken", "401 Unauthorized", 401)

    def show(self, t):
        return {"id": 1000 + t["iid"], "iid": t["iid"], "title": t["title"], "state": t["state"],
                "assignees": [{"id": n, "username": f"u{n}"} for n in t["owners"]]}

    def route(self, method, parts, query, given):
        need(parts[:4] == ["api", "v4", "projects", "hospital/care"], "404 Project Not Found", 404)
        what = (method, *parts[4:])
        if what == ("GET",):
            return 200, {"id": 3, "path_with_namespace": "hospital/care"}
        if what == ("GET", "issues"):
            need(set(query) == {"search", "in", "scope", "order_by", "sort"}, "query")
            need(query["in"] == "title" and query["scope"] == "all", "query")
            return 200, [self.show(t) for t in self.tickets if query["search"].lower() in t["title"].lower()]
        if what == ("POST", "issues"):
            only(given, {"title": str, "description": str, "confidential": bool}, "issue")
            need(len(given["title"]) <= 255, "title is too long")
            self.tickets.append({"iid": len(self.tickets) + 1, "title": given["title"], "state": "opened",
                                 "owners": [], "notes": [], "confidential": given["confidential"]})
            return 201, self.show(self.tickets[-1])
        need(len(parts) > 5 and parts[4] == "issues", "404 Not Found", 404)
        t = self.ticket(lambda t: str(t["iid"]) == parts[5])
        what = (method, *parts[6:])
        if what == ("GET",):
            return 200, self.show(t)
        if what == ("PUT",):
            only(given, {"state_event?": str, "assignee_ids?": list}, "issue")
            need(all(type(n) is int for n in given.get("assignee_ids", [])), "assignee_ids is invalid")
            need(given.get("state_event", "close") in ("close", "reopen"), "state_event does not have a valid value")
            t["owners"] = given.get("assignee_ids", t["owners"])
            if "state_event" in given and not self.stuck:
                t["state"] = "closed" if given["state_event"] == "close" else "opened"
            return 200, self.show(t)
        if what == ("GET", "notes"):
            need(query == {"sort": "desc", "order_by": "created_at", "per_page": "100"}, "query")
            return 200, [{"id": i, "body": n, "system": False} for i, n in enumerate(t["notes"])]
        if what == ("POST", "notes"):
            only(given, {"body": str}, "note")
            t["notes"].append(given["body"])
            return 201, {"id": len(t["notes"]), "body": given["body"]}
        raise Fault(405, "405 Method Not Allowed")


KINDS = {"jira": Jira, "jira-server": JiraServer, "gitlab": GitLab}
