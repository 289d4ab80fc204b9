"""Service protocols, dispatch tables and client stubs for the services of one file."""

from .text import camel, doc, header, wrapped


def write(file):
    lines = header(file.path, ["package import NIOCore"])
    for service in file.services:
        lines += protocol_lines(service) + [""]
        lines += table_lines(service) + [""]
        lines += client_lines(service) + [""]
    return "\n".join(lines)


def protocol_lines(service):
    lines = doc(service.comment)
    lines += ["///", "/// The server's side: each method answers through its `call`, on any thread, and does not block."]
    lines += [f"package protocol {service.name}Service: Sendable {{"]
    for method in service.methods:
        types = [f"_ request: {method.request}", "attachment: ByteBuffer", f"call: ServerCall<{method.response}>"]
        lines += doc(method.comment, "    ") + wrapped(f"func {camel(method.name)}(", types, ")", "    ")
    return lines + ["}"]


def table_lines(service):
    lines = [
        "extension ServiceTable {",
        f"    /// Dispatches to `service` under the name `{service.name}`.",
        f"    package static func {camel(service.name)}(_ service: some {service.name}Service) -> ServiceTable {{",
        "        ServiceTable(",
        f'            name: "{service.name}",',
        "            methods: [",
    ]
    for method in service.methods:
        call = f"service.{camel(method.name)}($0, attachment: $1, call: $2)"
        lines += [f'                "{method.name}": method {{ {call} }},']
    if len(service.methods) == 1:
        lines[-1] = lines[-1].removesuffix(",")  # as swift-format has it
    return lines + ["            ])", "    }", "}"]


def client_lines(service):
    lines = doc(service.comment)
    lines += ["///", "/// The client's side. Any thread."]
    lines += [f"package struct {service.name}Client: Sendable {{"]
    lines += ["    /// The names of the methods, for calls that are made by name.", "    package enum Method {"]
    for method in service.methods:
        lines += [f'        package static let {camel(method.name)} = MethodName("{service.name}", "{method.name}")']
    lines += ["    }", "", "    package let caller: any RPCCaller", ""]
    lines += ["    package init(caller: any RPCCaller) {", "        self.caller = caller", "    }"]
    for method in service.methods:
        name = camel(method.name)
        lines += [""] + doc(method.comment, "    ")
        lines += [
            f"    package func {name}(",
            f"        _ request: {method.request}, attachment: [ByteBuffer] = [], timeout: Duration",
            f"    ) async throws(RPCFailure) -> RPCReply<{method.response}> {{",
            f"        try await caller.call(Method.{name}, request, attachment: attachment, timeout: timeout)",
            "    }",
        ]
    return lines + ["}"]
