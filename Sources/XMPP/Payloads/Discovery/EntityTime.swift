package import XML

/// What time it is for an entity (XEP-0202): the question is the same element with nothing in it.
package struct EntityTime: Payload {
    package static let elementName = "time"
    package static let namespace = Namespace.time

    package struct Reading: Hashable, Sendable {
        package var time: DateTime
        /// Minutes the entity's local time is ahead of UTC.
        package var offset: Int

        package init(time: DateTime, offset: Int = 0) {
            self.time = time
            self.offset = offset
        }
    }

    /// Nil in a question.
    package var reading: Reading?

    package init(_ reading: Reading? = nil) {
        self.reading = reading
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        guard let time = element.child("utc"), let offset = element.child("tzo") else {
            self.reading = nil
            return
        }
        guard let utc = DateTime(time.text), let minutes = DateTime.offset(offset.text) else {
            throw PayloadError("<time/> holds no time as XEP-0082 writes it")
        }
        self.reading = Reading(time: utc, offset: minutes)
    }

    package var element: Element {
        guard let reading else { return Element(Self.elementName, namespace: Self.namespace) }
        return Element(
            Self.elementName, namespace: Self.namespace, [:],
            [
                Element("tzo", namespace: Self.namespace, text: DateTime.offsetText(reading.offset)),
                Element("utc", namespace: Self.namespace, text: reading.time.description),
            ])
    }
}
