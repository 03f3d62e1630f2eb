import CloudModel
import XML
import XMPP

/// `<heat/>` inside `<capacity/>`: why the site takes no new work from coordinators.
extension Heat {
    static let elementName = "heat"

    /// A figure that only a later release measures is no reason to think that the site is not hot.
    init(parsing reader: ElementReader) throws(PayloadError) {
        self.init(
            figure: try reader.optionalText("figure").flatMap { LoadFigure(rawValue: $0) },
            share: try reader.decimal("share", in: 0...1),
            seconds: try reader.integer("seconds", in: 0...WireLimits.heatSeconds))
    }

    var element: Element {
        Element(
            Self.elementName, namespace: Namespace.federation,
            [
                "figure": self.figure?.rawValue, "share": String(self.share),
                "seconds": String(min(self.seconds, WireLimits.heatSeconds)),
            ])
    }
}
