package import CloudModel

/// Where images may come from, and where they are kept.
package struct ImageStoreConfiguration: Hashable, Sendable {
    package static let cacheMaxDefault = Mebibytes.gibibytes(128)

    /// The directories below which images may be named by path; symbolic links are followed before this is checked.
    package var directories: [String]
    /// Where downloads are kept, by their digest; reachable for the user that guests run as.
    package var cache: String
    /// How much is kept there; beyond it those go that were not used for the longest time and that no machine uses.
    package var cacheMax: Mebibytes
    /// The largest file that is downloaded.
    package var downloadMax: Mebibytes
    /// How long a download may take in all.
    package var downloadTimeout: Duration
    /// How long a download may stand still.
    package var idleTimeout: Duration

    package init(
        directories: [String], cache: String, cacheMax: Mebibytes = Self.cacheMaxDefault,
        downloadMax: Mebibytes = .gibibytes(64),
        downloadTimeout: Duration = .seconds(3_600), idleTimeout: Duration = .seconds(30)
    ) {
        self.directories = directories
        self.cache = cache
        self.cacheMax = cacheMax
        self.downloadMax = downloadMax
        self.downloadTimeout = downloadTimeout
        self.idleTimeout = idleTimeout
    }
}
