/// One thing to measure, once per round.
///
/// To add one: conform a struct in `Scenarios/`, give its figures names in `Report/Figures.swift`, its goal a row in
/// `Report/GoalTable.swift`, and name it in a command's plan.
protocol Scenario: Sendable {
    /// What is done, for the progress line.
    var title: String { get }
    func measure(at bench: Workbench) async throws -> Outcome
    /// How it is measured, where a reader of its figures has to know; a sentence.
    var note: String? { get }
}

extension Scenario {
    var note: String? { nil }
}

/// What one scenario found in one round.
struct Outcome: Sendable {
    var samples: [Sample]
    var curves: [Curve] = []

    /// The first figures, for the progress line.
    var summary: String {
        samples.prefix(3).map { Quantity.text($0.value, $0.figure.unit) }.joined(separator: ", ")
    }
}

/// Scenarios that are compared with each other: each round runs all of them in order, so that whatever the machine does in the
/// meantime meets ceiling and product alike.
struct Stage: Sendable {
    var scenarios: [any Scenario]
    var rounds: Int
}

/// Runs stages and keeps what they find. A scenario that fails is reported and left out of later rounds; the rest goes on.
enum Runner {
    static func run(_ stages: [Stage], at bench: Workbench) async -> Findings {
        var findings = Findings()
        for stage in stages {
            var failed: Set<Int> = []
            for round in 1...stage.rounds {
                for (index, scenario) in stage.scenarios.enumerated() where !failed.contains(index) {
                    bench.progress.begin(
                        stage.rounds > 1 ? "\(scenario.title) (\(round)/\(stage.rounds))" : scenario.title)
                    do {
                        let outcome = try await scenario.measure(at: bench)
                        outcome.samples.forEach { findings.samples.add($0) }
                        outcome.curves.forEach { findings.add($0) }
                        if let note = scenario.note { findings.add(note: note) }
                        bench.progress.finish(outcome.summary)
                    } catch {
                        failed.insert(index)
                        findings.failures.append(ScenarioFailure(scenario: scenario.title, reason: "\(error)"))
                        bench.progress.finish("failed: \(error)")
                    }
                }
            }
        }
        return findings
    }
}
