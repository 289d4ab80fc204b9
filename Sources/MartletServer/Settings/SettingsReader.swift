internal import Configuration
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Reads settings from where they may stand; the first that has one wins: flags, then the environment
/// (`MARTLET_LOG_RETENTION_MS` for `log.retention.ms`), then the file.
package struct SettingsReader: Sendable {
    private struct Source: Sendable {
        var config: ConfigReader
        /// Where a setting of this source stands, for an error.
        var place: @Sendable (Setting) -> String
    }

    private let sources: [Source]

    /// - Parameters:
    ///   - flags: setting names and values as given on the command line; unknown names are refused.
    ///   - environment: the process's environment; unknown `MARTLET_` names are left alone, since clients use the prefix too.
    ///   - file: path of a properties file; unknown names in it are refused.
    package init(flags: [String: String], environment: [String: String], file: String?) async throws(SettingsError) {
        for name in flags.keys.sorted() where SettingsTable.named(name) == nil {
            throw SettingsError(SettingsTable.unknownText(name))
        }
        let flagValues = flags.map {
            (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: false))
        }
        var sources = [
            Source(
                config: ConfigReader(
                    provider: InMemoryProvider(values: Dictionary(flagValues, uniquingKeysWith: { $1 }))),
                place: { _ in "the command line" }),
            Source(
                config: ConfigReader(
                    provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(
                        with: "martlet")),
                place: { "the environment variable \($0.environmentName)" }),
        ]
        if let file {
            if let reason = Self.unreadable(file) {
                throw SettingsError("the settings file \(file) cannot be read: \(reason)")
            }
            do {
                let provider = try await FileProvider<PropertiesSnapshot>(
                    parsingOptions: .init { SettingsTable.named($0) != nil },
                    filePath: FilePath(file)
                )
                sources.append(Source(config: ConfigReader(provider: provider), place: { _ in file }))
            } catch let error as SettingsError {
                throw SettingsError("\(file): \(error)")
            } catch {
                throw SettingsError("the settings file \(file) cannot be read: \(error)")
            }
        }
        self.sources = sources
    }

    /// Why a file cannot be read, in the system's words; nil: it can.
    private static func unreadable(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) < 0 ? String(cString: strerror(errno)) : nil
    }

    /// The setting's text: as set, or its default. Nil when neither is there. Throws when the text is not one the setting takes.
    package func text(_ name: String) throws(SettingsError) -> String? {
        guard let setting = SettingsTable.named(name) else {
            preconditionFailure("\(name) is not in the settings table")
        }
        for source in sources {
            guard let value = source.config.string(forKey: ConfigKey(name)) else { continue }
            guard setting.accepts(value) else {
                throw SettingsError(
                    "\(name) cannot be \"\(value)\" (set by \(source.place(setting))): it takes \(setting.accepted)")
            }
            return value
        }
        return setting.defaultValue
    }
}
