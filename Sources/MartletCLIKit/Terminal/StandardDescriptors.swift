#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Standard input, output and error as places that nothing else may take.
package enum StandardDescriptors {
    /// Opens those that whoever started the program has closed (`martlet broker 2>&-`), so that no file of a log and no socket
    /// gets their number, and with it what is meant for a terminal. They are opened the wrong way round: using one fails as it
    /// would if it were closed. Call it before anything is opened.
    package static func occupy() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest number that is free: the one that was looked at.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
