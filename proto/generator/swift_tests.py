"""For the tests: random values of every message, and the list of all messages."""

from .text import camel, header

IMPORTS = ["import MartletProtocol"]


def write(files):
    messages = [message for file in files for message in file.messages]
    lines = header("martlet/v1", IMPORTS)
    lines += ["/// Every message of the contract.", "let allMessages: [any RandomMessage.Type] = ["]
    lines += [f"    {message.name}.self," for message in messages] + ["]", ""]
    for message in messages:
        lines += message_lines(message) + [""]
    return "\n".join(lines)


def message_lines(message):
    generator = "using random: inout Random" if message.fields else "using _: inout Random"
    lines = [f"extension {message.name}: RandomMessage {{", f"    static func random({generator}) -> Self {{"]
    lines += ["        var message = Self()" if message.fields else "        Self()"]
    for field in message.fields:
        if field.oneof:
            continue
        value = f"{field.message}.random(using: &random)" if field.message else f"random.{field.type}()"
        if field.repeated:
            value = f"random.list {{ random in {value} }}"
        elif field.message:
            value = f"random.maybe {{ random in {value} }}"
        lines += [f"        message.{camel(field.name)} = {value}"]
    for oneof in message.oneofs:
        lines += [f"        switch random.below({len(oneof.fields) + 1}) {{"]
        for index, field in enumerate(oneof.fields):
            value = f"{field.message}.random(using: &random)"
            lines += [f"        case {index}: message.{camel(oneof.name)} = .{camel(field.name)}({value})"]
        lines += ["        default: break", "        }"]
    return lines + (["        return message"] if message.fields else []) + ["    }", "}"]
