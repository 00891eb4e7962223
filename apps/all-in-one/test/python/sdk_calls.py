"""Makes calls with the installed simstudio-sdk, whatever its generation, and prints what they return or raise.

Reads {"baseUrl": ..., "calls": [{"key", "method", "args", "kwargs", "wait"}]} from stdin; prints one JSON list:
{"ok": value} for each call, or {"raised": the exception's class, "message", "code", "status"}.
"""

import dataclasses
import io
import json
import sys
import time

from simstudio import SimStudioClient


def given(value):
    """{"$file": text, "name": name} stands for an open file."""
    if isinstance(value, dict) and "$file" in value:
        file = io.BytesIO(value["$file"].encode())
        file.name = value["name"]
        return file
    if isinstance(value, dict):
        return {name: given(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [given(inner) for inner in value]
    return value


def shown(value):
    if dataclasses.is_dataclass(value):
        return {"class": type(value).__name__, **dataclasses.asdict(value)}
    return value


def outcome(client, call):
    if "wait" in call:
        return until(client, call)
    try:
        method = getattr(client, call["method"])
        return {"ok": shown(method(*given(call.get("args", [])), **given(call.get("kwargs", {}))))}
    except Exception as error:  # Whatever a caller of the SDK would see.
        return {
            "raised": type(error).__name__,
            "message": error.args[0] if error.args else "",
            "code": getattr(error, "code", None),
            "status": getattr(error, "status", None),
        }


def until(client, call):
    """Repeats the call until the named member of its value has one of the given values, for ten seconds at most."""
    member, values = call["wait"]
    began = time.monotonic()
    while True:
        result = outcome(client, {**{name: call[name] for name in call if name != "wait"}})
        value = result.get("ok")
        if not isinstance(value, dict) or value.get(member) in values or time.monotonic() - began > 10:
            return result
        time.sleep(0.05)


def main():
    asked = json.load(sys.stdin)
    clients = {}
    results = []
    for call in asked["calls"]:
        client = clients.setdefault(call["key"], SimStudioClient(api_key=call["key"], base_url=asked["baseUrl"]))
        # "$n.member" in args is what an earlier call returned.
        call["args"] = [earlier(results, arg) for arg in call.get("args", [])]
        results.append(outcome(client, call))
    print(json.dumps(results))


def earlier(results, arg):
    if not (isinstance(arg, str) and arg.startswith("$")):
        return arg
    index, member = arg[1:].split(".")
    return results[int(index)].get("ok", {}).get(member)


if __name__ == "__main__":
    main()
