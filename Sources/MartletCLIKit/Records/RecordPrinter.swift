/// How records are printed: as the command's flags say.
package enum RecordPrinter {
    case json(RecordJSON)
    case template(RecordTemplate)

    package func append(_ record: RecordFields, to sink: inout ByteSink) {
        switch self {
        case .json(let json): json.append(record, to: &sink)
        case .template(let template): template.append(record, to: &sink)
        }
    }
}
