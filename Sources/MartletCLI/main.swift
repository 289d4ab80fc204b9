import ArgumentParser

let task = Task { await BrokerRunCommand.main() }
await task.value
