import Foundation
import Testing

@Suite("The command line against a real broker", .timeLimit(.minutes(2)))
struct EndToEndTests {
    @Test("records go in and come out, in order, whatever --acks and --compression", arguments: ["0", "1", "all"])
    func roundTrip(acks: String) async throws {
        let broker = try await BrokerUnderTest()
        #expect(try await broker.martlet("topic", "create", "t", "--partitions", "1").code == 0)
        // The last line has no newline, one is empty.
        let lines = (0..<20_000).map { $0 == 7 ? "" : "line \($0)" }
        let produced = try await broker.martlet(
            "produce", "t", "--acks", acks, "--compression", acks == "1" ? "lz4" : "none",
            input: lines.joined(separator: "\n"))
        #expect(produced.code == 0)
        #expect(produced.output.isEmpty)
        #expect(produced.errors.contains("20,000 records"))
        // Nothing says when a broker has what acks=0 sent; it answers calls of one connection, not of all, in order.
        guard acks != "0" else { return }
        let consumed = try await broker.martlet("consume", "t", "--exit-at-end")
        #expect(consumed.code == 0)
        #expect(consumed.errors.isEmpty)
        #expect(consumed.lines.map(String.init) == lines)
        let part = try await broker.martlet(
            "consume", "t", "--from", "19998", "--max", "1", "--format", "%n %p %o %v|")
        #expect(part.output == "t 0 19998 line 19998|")
    }

    @Test("what consume --json prints, produce --json takes: keys, nulls, bytes and headers are the same")
    func json() async throws {
        let broker = try await BrokerUnderTest()
        for topic in ["a", "b"] { _ = try await broker.martlet("topic", "create", topic, "--partitions", "3") }
        let produced = try await broker.martlet(
            "produce", "a", "--key-separator", ":", "--null", "NULL", "--header", "from=test",
            input: "k1:v1\nk2:NULL\nNULL:no key\n:\nk1:é \"quoted\"\\\t\n")
        #expect(produced.code == 0)
        let bytes = try await broker.martlet(
            "produce", "a", "--json", input: #"{"key":"k3","value_base64":"/wA=","headers":[{"key":"h","value":null}]}"#
        )
        #expect(bytes.code == 0)
        let first = try await broker.martlet("consume", "a", "--exit-at-end", "--json")
        #expect(first.lines.count == 6)
        #expect(try await broker.martlet("produce", "b", "--json", "--keep-partitions", input: first.output).code == 0)
        let second = try await broker.martlet("consume", "b", "--exit-at-end", "--json")
        #expect(
            second.lines.sorted()
                == first.output.replacing(#""topic":"a""#, with: #""topic":"b""#)
                .split(separator: "\n").sorted())
    }

    @Test("a refusal is 1 and says what is wrong")
    func refusals() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "2")
        let refusals: [([String], String)] = [
            (["topic", "create", "t"], "t already"), (["topic", "create", "a/b"], "'/'"),
            (["topic", "create", ".."], ".."),
            (["topic", "create", String(repeating: "n", count: 300)], "249"),
            (["topic", "create", "z", "--partitions", "0"], "at least 1"),
            (["topic", "describe", "none"], "no topic none"),
            (["topic", "alter", "t", "--set", "no.such=1"], "no.such"),
            (["topic", "alter", "t", "--partitions", "1"], "partitions"),
            (["topic", "delete-records", "t", "--partition", "0", "--before", "5"], "high watermark"),
            (["topic", "delete-records", "t", "--partition", "2", "--before", "0"], "partitions 0 to 1"),
            (["consume", "none"], "no topic none"), (["consume", "t", "--partition", "2"], "partitions 0 to 1"),
            (["consume", "t", "--from", "5", "--exit-at-end"], "cannot begin at 5"),
            (["produce", "none"], "no topic none"),
        ]
        for (arguments, words) in refusals {
            let outcome = try await MartletProcess.run(
                arguments, broker: broker.address, input: Data("x\n".utf8), in: broker.directory)
            #expect(outcome.code == 1, "\(arguments): \(outcome.errors)")
            #expect(
                outcome.errors.hasPrefix("martlet: ") && outcome.errors.contains(words),
                "\(arguments): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        // Though there is nothing to send.
        let empty = try await broker.martlet("produce", "none", input: "")
        #expect(empty.code == 1 && empty.errors.contains("no topic none"))
    }

    @Test("a bad line fails the run; the records before it are there")
    func badLine() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1")
        let produced = try await broker.martlet("produce", "t", "--json", input: "{\"value\":\"one\"}\n{\"value\":2}\n")
        #expect(produced.code == 1)
        #expect(produced.errors.contains("line 2"))
        #expect(try await broker.martlet("consume", "t", "--exit-at-end").output == "one\n")
    }

    @Test("empty lines between JSON objects are no records, and lines are counted as an editor does")
    func blankLines() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1")
        let produced = try await broker.martlet(
            "produce", "t", "--json", input: "{\"value\":\"one\"}\n\n \t\r\n{\"value\":\"two\"}\n\n{\"value\":3}\n")
        #expect(produced.code == 1)
        #expect(produced.errors.contains("line 6, column 10"))
        #expect(try await broker.martlet("consume", "t", "--exit-at-end").output == "one\ntwo\n")
    }

    @Test("a batch that the topic does not take is told once, by the setting that is in the way")
    func tooLarge() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1", "--set", "segment.bytes=4096")
        let lines = String(repeating: "0123456789\n", count: 2000)
        let produced = try await broker.martlet("produce", "t", input: lines)
        #expect(produced.code == 1)
        #expect(produced.errors.contains("segment.bytes of the topic is 4096"))
        #expect(produced.errors.hasPrefix("martlet: "))
        #expect(produced.errors.contains("--max-message-bytes"))
        #expect(try await broker.martlet("produce", "t", "--max-message-bytes", "4096", input: lines).code == 0)
    }

    @Test("a group whose place was deleted comes to the end all the same", .timeLimit(.minutes(1)))
    func deletedPlace() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1")
        _ = try await broker.martlet("produce", "t", input: "one\ntwo\nthree\n")
        let first = try await broker.martlet("consume", "t", "--group", "g", "--exit-at-end", "--max", "1")
        #expect(first.output == "one\n")
        _ = try await broker.martlet("topic", "delete-records", "t", "--partition", "0", "--before", "end")
        let second = try await broker.martlet("consume", "t", "--group", "g", "--exit-at-end")
        #expect(second.code == 0)
        #expect(second.output.isEmpty)
    }

    @Test("without its standard streams a command fails, and writes into no file that it has opened")
    func closedStreams() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1")
        _ = try await broker.martlet("produce", "t", input: "one\n")
        let outcome = try await MartletProcess.shell(
            "$MARTLET consume t --exit-at-end >&-", broker: broker.address, in: broker.directory)
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("cannot write to standard output: Bad file descriptor"))
    }

    @Test("a closed terminal ends a broker as cleanly as SIGTERM does, unless nohup has it go on")
    func hangUp() async throws {
        let broker = try await BrokerUnderTest()
        #expect(try await broker.stop(SIGHUP) == 0)
        let directory = broker.directory
        let outcome = try await MartletProcess.shell(
            """
            nohup $MARTLET broker --data nohup --listen 127.0.0.1:0 --ready-file ready-nohup >nohup.log 2>&1 &
            until [ -s ready-nohup ]; do sleep 0.05; done
            kill -HUP $!
            $MARTLET broker status --broker "$(cat ready-nohup)" >status || exit 9
            # Where it is, whatever the reader's own directory.
            grep -q '^data  *//*.*/nohup$' status || exit 8
            kill -TERM $!
            wait $!
            """, in: directory)
        #expect(outcome.code == 0)
        #expect(outcome.errors.isEmpty)
    }

    @Test("consume ends quietly when its reader goes away, though nothing more comes")
    func closedPipe() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1")
        _ = try await broker.martlet("produce", "t", input: "one\ntwo\n")
        let (pipe, errors) = (Pipe(), Pipe())
        let process = MartletProcess.make(["consume", "t"], broker: broker.address, output: pipe, errors: errors)
        async let code = MartletProcess.exit(of: process)
        let text = await Self.firstData(pipe.fileHandleForReading)
        #expect(text == "one\ntwo\n")
        try pipe.fileHandleForReading.close()
        #expect(try await code == 0)
        #expect(errors.fileHandleForReading.availableData.isEmpty)
    }

    @Test("consume told to stop has printed what it read, and is done")
    func terminated() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1")
        _ = try await broker.martlet("produce", "t", input: "one\n")
        let pipe = Pipe()
        let process = MartletProcess.make(
            ["consume", "t"], broker: broker.address, output: pipe, errors: FileHandle.nullDevice)
        async let code = MartletProcess.exit(of: process)
        #expect(await Self.firstData(pipe.fileHandleForReading) == "one\n")
        process.terminate()
        #expect(try await code == 0)
    }

    /// What comes first; waits for it on a queue.
    private static func firstData(_ handle: FileHandle) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "reader").async {
                continuation.resume(returning: String(decoding: handle.availableData, as: UTF8.self))
            }
        }
    }

    @Test("topics are listed, altered, offset and deleted, as tables and as JSON")
    func topics() async throws {
        let broker = try await BrokerUnderTest()
        #expect(
            try await broker.martlet("topic", "create", "t", "--partitions", "2", "--set", "retention.ms=60000").code
                == 0)
        #expect(try await broker.martlet("topic", "create", "t", "--if-not-exists").code == 0)
        #expect(
            try await broker.martlet("topic", "alter", "t", "--partitions", "3", "--set", "segment.bytes=1048576").code
                == 0)
        #expect(try await broker.martlet("produce", "t", "--partition", "2", input: "a\nb\nc\n").code == 0)
        #expect(
            try await broker.martlet("topic", "delete-records", "t", "--partition", "2", "--before", "1", "--json")
                .output
                == #"{"topic":"t","partition":2,"start":1}"# + "\n")
        #expect(
            try await broker.martlet("topic", "offsets", "t").output
                == "PARTITION  START  END  RECORDS\n        0      0    0        0\n        1      0    0        0\n"
                + "        2      1    3        2\n")
        #expect(try await broker.martlet("topic", "list", "--json").output.contains(#""partitions":3"#))
        let description = try await broker.martlet("topic", "describe", "t", "--json").output
        #expect(description.contains(#""segment.bytes":"1048576""#))
        #expect(description.contains(#""overridden":[{"name":"#))
        #expect(try await broker.martlet("broker", "status", "--json").output.contains(#""partitions":3"#))
        #expect(try await broker.martlet("topic", "delete", "t").code == 0)
        #expect(try await broker.martlet("topic", "delete", "t").code == 1)
        #expect(try await broker.martlet("topic", "delete", "t", "--if-exists").code == 0)
    }

    @Test("a stopped broker's files are inspected and its records read from them")
    func inspect() async throws {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "1")
        _ = try await broker.martlet("produce", "t", "--key-separator", ":", input: "k:one\nk:two\n")
        let consumed = try await broker.martlet("consume", "t", "--exit-at-end", "--json").output
        #expect(try await broker.martlet("log", "repair", broker.directory.appending(path: "data").path()).code == 1)
        #expect(try await broker.stop() == 0)
        let data = broker.directory.appending(path: "data").path()
        #expect(try await broker.martlet("log", "inspect", data, "--records", "--json").output == consumed)
        let verified = try await broker.martlet("log", "inspect", data, "--verify")
        #expect(verified.code == 0)
        #expect(verified.output.contains("nothing is damaged"))
        #expect(try await broker.martlet("log", "repair", data).code == 0)
    }
}
