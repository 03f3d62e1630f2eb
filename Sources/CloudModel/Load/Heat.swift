/// Why a site takes no new work from coordinators although it has room: it is too busy with what it has.
package struct Heat: Hashable, Codable, Sendable {
    /// What is too high; nil if it is something that this release does not know.
    package var figure: LoadFigure?
    /// The last measurement of it, 0…1.
    package var share: Double
    /// For how long it has been too high, in seconds, when this was told.
    package var seconds: Int

    package init(figure: LoadFigure?, share: Double, seconds: Int) {
        self.figure = figure
        self.share = share
        self.seconds = seconds
    }

    /// `is hot: CPU 96 % for 2 min`.
    package var text: String {
        let minutes = self.seconds / 60
        let time =
            if self.seconds < 120 { "\(self.seconds) s" } else if minutes < 120 { "\(minutes) min" } else {
                "\(minutes / 60) h"
            }
        guard let figure else { return "is hot for \(time)" }
        return "is hot: \(figure.title) \(figure.text(self.share)) for \(time)"
    }
}
