/// What an archive has to say to an `ArchiveSelection`.
package enum ArchivePage: Hashable, Sendable {
    /// In the order of arrival; complete if nothing follows in the direction that was asked for.
    case messages([ArchiveRecord], isComplete: Bool)
    /// How many there are, where nothing else was asked for.
    case count(Int)
    /// One of those that were named is not in the archive.
    case missing
}
