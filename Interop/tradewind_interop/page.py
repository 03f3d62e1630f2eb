"""The manual's page on attaching, whose snippets the tests use word for word."""
import pathlib
import re

REPOSITORY = pathlib.Path(__file__).parents[2]
README = REPOSITORY / "README.md"
PAGE = REPOSITORY / "Sources/tradewind/tradewind.docc/AttachToAnExistingServer.md"
SECRET = "a-long-random-secret"


def snippet(language, containing):
    """The one block of the page in `language` that has `containing` in it."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    found = [block for block in blocks if containing in block]
    assert len(found) == 1, f"{len(found)} blocks of {language} with {containing!r} on the page"
    return found[0]


def prosody_component():
    return snippet("lua", "Component")


def ejabberd_listener(address):
    """The listener as the page has it, on this test's loopback address."""
    lines = snippet("yaml", "ejabberd_service").splitlines(keepends=True)
    assert lines[0] == "listen:\n"
    return "".join(lines[1:]).replace("127.0.0.1", address)


def own_server_component(address):
    """The section of another site's own server as the page has it, listening on this test's loopback address."""
    section = snippet("yaml", "components:")
    head = "  components:\n"
    assert section.startswith("server:\n") and head in section, section
    return section.replace(head, f"{head}    host: {address}\n")


def init_options(containing):
    """The options of the page's `tradewind init`, without those that the test sets itself."""
    words = snippet("sh", containing).split()
    assert words[:2] == ["tradewind", "init"], words
    options = dict(zip(words[2::2], words[3::2]))
    for name in ("--admin", "--directory"):
        del options[name]
    return options
