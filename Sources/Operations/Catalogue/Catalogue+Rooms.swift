extension Catalogue {
    private static let roomParameter = Parameter.required("room", .jid, "address of the chat room")

    static let rooms: [Operation] = [
        Operation(
            "room.list", "List the chat rooms this site's agent or coordinator is in, or enters again",
            by: .any, .reads,
            .init(.get, "/rooms"),
            layout: [
                .table(
                    path: "",
                    [
                        .init("Room", "room"), .init("As", "nickname"), .init("State", "state"),
                        .init("Acts for people there", "trusted"),
                    ], none: "It is in no room.")
            ]),
        Operation(
            "room.join", "Enter a chat room and answer there when addressed", by: .any, .changes,
            .init(.put, "/rooms/{room}"),
            parameters: [Self.roomParameter]),
        Operation(
            "room.leave", "Leave a chat room", by: .any, .changes, .init(.post, "/rooms/{room}/leave"),
            parameters: [Self.roomParameter]),
    ]
}
