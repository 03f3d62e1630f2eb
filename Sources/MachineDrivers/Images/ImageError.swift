package import CloudModel

/// Why an image could not be made ready.
package enum ImageError: Error, Hashable, Sendable {
    /// The path lies outside the directories that the site's owner opened for images.
    case outsideDirectories(path: String)
    case notFound(location: String, reason: String)
    case wrongChecksum(location: String, expected: String, found: String)
    case tooLarge(location: String, limit: Mebibytes)
    /// The disk that holds the image cache is full.
    case noRoom(location: String, directory: String)
    /// The images that machines use leave too little of the cache for another.
    case cacheFull(location: String, limit: Mebibytes)
    /// Whoever asked for it does not want it any more.
    case givenUp(location: String)
    case failed(location: String, reason: String)
}

extension ImageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .outsideDirectories(let path):
            "the image \(path) is outside this site's image directories; ask its owner which there are"
        case .notFound(let location, let reason):
            "the image \(location) cannot be read: \(reason)"
        case .wrongChecksum(let location, let expected, let found):
            "the checksum of image \(location) is wrong: asked for \(expected), found \(found)"
        case .tooLarge(let location, let limit):
            "the image \(location) is larger than the \(limit) that this site downloads"
        case .noRoom(let location, let directory):
            "no room for image \(location): the disk of \(directory) is full"
        case .cacheFull(let location, let limit):
            "no room for image \(location): machines use what is in the cache of \(limit); "
                + "delete some, or ask the site's owner for a larger one"
        case .givenUp(let location):
            "the image \(location) is not wanted any more"
        case .failed(let location, let reason):
            "the image \(location) could not be fetched: \(reason)"
        }
    }
}
