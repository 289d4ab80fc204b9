internal import MartletCore

/// Turns a pattern's tree into the program of its matcher.
struct PatternCompiler {
    private var program: [TopicPattern.Instruction] = []
    /// Parts written out, those that emit nothing too: repetitions of them multiply.
    private var parts = 0

    /// Throws INVALID_REGULAR_EXPRESSION when the program grows too long.
    mutating func compile(_ tree: PatternTree) throws(BrokerError) {
        parts += 1
        guard parts <= 2 * TopicPattern.instructionsMax else { throw Self.tooLong }
        switch tree {
        case .bytes(let set): try emit(.byte(set))
        case .start: try emit(.assertStart)
        case .end: try emit(.assertEnd)
        case .sequence(let parts): for part in parts { try compile(part) }
        case .either(let branches): try compile(either: branches)
        case .repeated(let part, let least, let most): try compile(part, least: least, most: most)
        }
    }

    consuming func finish() -> [TopicPattern.Instruction] {
        program.append(.match)
        return program
    }

    private mutating func compile(either branches: [PatternTree]) throws(BrokerError) {
        var jumps: [Int] = []
        for branch in branches.dropLast() {
            let split = program.count
            try emit(.jump(0))
            try compile(branch)
            jumps.append(program.count)
            try emit(.jump(0))
            program[split] = .split(split + 1, program.count)
        }
        if let last = branches.last { try compile(last) }
        for jump in jumps { program[jump] = .jump(program.count) }
    }

    private mutating func compile(_ part: PatternTree, least: Int, most: Int?) throws(BrokerError) {
        for _ in 0..<least { try compile(part) }
        guard let most else {
            let split = program.count
            try emit(.jump(0))
            try compile(part)
            try emit(.jump(split))
            program[split] = .split(split + 1, program.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(program.count)
            try emit(.jump(0))
            try compile(part)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
    }

    private mutating func emit(_ instruction: TopicPattern.Instruction) throws(BrokerError) {
        guard program.count < TopicPattern.instructionsMax else { throw Self.tooLong }
        program.append(instruction)
    }

    private static let tooLong = BrokerError(
        .invalidRegularExpression,
        "the pattern is too long once its repetitions are written out: over \(TopicPattern.instructionsMax) steps")
}
