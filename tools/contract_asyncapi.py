"""The AsyncAPI 3 document: every topic, what goes over it, and how one connects."""

from __future__ import annotations

from typing import Any

from tools.contract_table import JPEG, PARAMETERS, TOPICS, TWO_LINES, Topic

_BINDING = "0.2.0"
_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_DESCRIPTION = """\
What a box (edge-agent) and the center say to each other over MQTT, version 1. The `v1` in the \
topics is the major version: what an old receiver would misread gets a new number. Members may be \
added within it, so ignore those you do not know.

Delivery of alerts is at least once: remove duplicates by (`id`, `revision`). Signed messages are \
two lines; store both as they came."""


def document(examples: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the whole document; `examples` are by the name of their schema."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:edge-agent:contract:v1",
        "info": {
            "title": "edge-agent: the message contract",
            "version": "1.0.0",
            "description": _DESCRIPTION,
            "x-edge-agent": version,
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {_operation_name(topic): _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {
                name: made for topic in TOPICS for name, made in _messages(topic, examples)
            },
            "parameters": {
                name: {"description": words, "examples": [example]}
                for name, (words, example) in PARAMETERS.items()
            },
            "messageTraits": {"signed": _signed()},
            "securitySchemes": {
                "certificate": {
                    "type": "X509",
                    "description": "one certificate for each box; its common name is the box's name and client id",
                },
                "password": {
                    "type": "userPassword",
                    "description": "where the broker has no certificates; over TLS only",
                },
            },
        },
    }


def _servers() -> dict[str, Any]:
    security = [
        {"$ref": f"#/components/securitySchemes/{name}"} for name in ("certificate", "password")
    ]
    return {
        "broker": {
            "host": "{host}:{port}",
            "protocol": "secure-mqtt",
            "protocolVersion": "5.0",
            "description": (
                "The broker between boxes and center. MQTT 3.1.1 is served as well: then without"
                " properties and without the broker's reasons."
            ),
            "variables": {
                "host": {"default": "alerts.example", "description": "where the broker is"},
                "port": {"default": "8883", "description": "MQTT over TLS"},
            },
            "security": security,
            "bindings": {
                "mqtt": {
                    "clientId": "{box}",
                    "cleanSession": False,
                    "lastWill": {
                        "topic": next(each.address for each in TOPICS if each.name == "status"),
                        "qos": 1,
                        "retain": True,
                        "message": "a status with state `offline`, 30 s after the connection broke",
                    },
                    "keepAlive": 30,
                    "sessionExpiryInterval": 3600,
                    "bindingVersion": _BINDING,
                }
            },
        }
    }


def _channel(topic: Topic) -> dict[str, Any]:
    names = [name for name in PARAMETERS if f"{{{name}}}" in topic.address]
    return {
        "address": topic.address,
        "title": topic.title,
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(topic)
        },
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in names},
    }


def _operation_name(topic: Topic) -> str:
    return f"{'send' if topic.is_up else 'receive'}{topic.name.title()}"


def _operation(topic: Topic) -> dict[str, Any]:
    """Return what the box does; the center does the opposite."""
    binding: dict[str, Any] = {"qos": topic.qos, "retain": topic.is_retained}
    if topic.expiry_s is not None:
        binding["messageExpiryInterval"] = topic.expiry_s
    told: dict[str, Any] = {
        "action": "send" if topic.is_up else "receive",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": topic.title,
        "description": topic.when,
        "bindings": {"mqtt": {**binding, "bindingVersion": _BINDING}},
        "messages": [
            {"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in _message_names(topic)
        ],
    }
    if topic.name == "command":
        told["reply"] = {"channel": {"$ref": "#/channels/response"}}
    return told


def _message_names(topic: Topic) -> tuple[str, ...]:
    return topic.messages or (topic.name,)


def _messages(topic: Topic, examples: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    if not topic.messages:
        return [(topic.name, _picture(topic))]
    return [(name, _message(topic, name, examples[name])) for name in topic.messages]


def _picture(topic: Topic) -> dict[str, Any]:
    size = f"JPEG, at most {topic.most_bytes} bytes" if topic.most_bytes else "JPEG"
    return {
        "name": topic.name,
        "title": topic.title,
        "contentType": JPEG,
        "payload": {"type": "string", "format": "binary", "description": size},
        "bindings": {"mqtt": {"payloadFormatIndicator": 0, "bindingVersion": _BINDING}},
    }


def _message(topic: Topic, name: str, example: object) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": name,
        "title": topic.title,
        "contentType": topic.content_type,
        "payload": {
            "schemaFormat": _SCHEMA_FORMAT,
            "schema": {"$ref": f"./{name}.schema.json"},
        },
        "bindings": {"mqtt": {"payloadFormatIndicator": 1, "bindingVersion": _BINDING}},
        "examples": [{"name": name, "payload": example}],
    }
    if topic.is_signed:
        told["traits"] = [{"$ref": "#/components/messageTraits/signed"}]
    return told


def _signed() -> dict[str, Any]:
    return {
        "contentType": TWO_LINES,
        "description": (
            "The payload on the wire is two lines: this object, compact, and a line with the Ed25519"
            " signature over exactly the bytes of the first (`signature.schema.json`). The payload's"
            " schema and example are those of the first line. See `../chain.md`."
        ),
        "x-second-line": {"$ref": "./signature.schema.json"},
    }
