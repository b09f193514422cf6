"""XMP packets (ISO 16684-1): a mark put into one, and read from one."""

import warnings
from xml.dom import minidom
from xml.parsers.expat import ExpatError

from PIL import Image, PngImagePlugin

from kerasgan.marks.mark import CREATED, VOCABULARY, current

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
# IPTC Photo Metadata Standard 2025.1.
SOURCE_TYPE, SYSTEM, VERSION = "DigitalSourceType", "AISystemUsed", "AISystemVersionUsed"
LARGEST = 2**22
# What one segment of a JPEG holds beside its header.
LARGEST_IN_JPEG = 65_502
XMP_TAG = 700
EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="%s"/></x:xmpmeta>'
    b'<?xpacket end="w"?>' % RDF.encode()
)


def of_upright(xmp: bytes | str | None, name: str) -> bytes | None:
    """The packet of a photograph whose pixels were turned upright, or None, with a warning.

    Args:
        xmp: The packet as it lies in the file.
        name: Of the file, for the warning.
    """
    if not xmp:
        return None
    try:
        document = _parsed(xmp)
    except ValueError as error:
        warnings.warn(f"{name!r}: its XMP cannot be read and is left out ({error}).")
        return None
    _take_out(document, TIFF, "Orientation")
    return _packet(document)


def marked(xmp: bytes | None = None) -> bytes | None:
    """The packet with the current mark in it; as it is where nothing is to be marked.

    What was created by a model before remains so where a model edits it.
    """
    mark = current()
    if mark is None:
        return xmp
    document = _parsed(xmp or EMPTY)
    said = {SOURCE_TYPE: VOCABULARY + mark.source_type, SYSTEM: mark.system, VERSION: mark.version}
    if _text(document, IPTC, SOURCE_TYPE) == VOCABULARY + CREATED:
        said[SOURCE_TYPE] = VOCABULARY + CREATED
    description = document.createElementNS(RDF, "rdf:Description")
    description.setAttributeNS(RDF, "rdf:about", "")
    description.setAttribute("xmlns:rdf", RDF)
    description.setAttribute("xmlns:Iptc4xmpExt", IPTC)
    for name, value in said.items():
        _take_out(document, IPTC, name)
        description.setAttributeNS(IPTC, f"Iptc4xmpExt:{name}", value)
    document.getElementsByTagNameNS(RDF, "RDF")[0].appendChild(description)
    return _packet(document)


def fields(xmp: bytes | str) -> dict[str, str]:
    """What a packet says of how its picture was made.

    Returns:
        Dict with those of `source_type`, `system` and `version` that there are.

    Raises:
        ValueError: If it is no XMP.
    """
    document = _parsed(xmp)
    names = {"source_type": SOURCE_TYPE, "system": SYSTEM, "version": VERSION}
    found = {name: _text(document, IPTC, tag) for name, tag in names.items()}
    return {name: value.removeprefix(VOCABULARY) for name, value in found.items() if value}


def options(suffix: str, xmp: bytes | None, exif: bytes | None = None) -> dict:
    """The arguments by which `PIL.Image.Image.save` writes a packet, and EXIF beside it."""
    options = {"exif": exif} if exif else {}
    if not xmp:
        return options
    if suffix == ".png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return options | {"pnginfo": info}
    if suffix in (".tif", ".tiff"):
        tags = Image.Exif()
        if exif:
            tags.load(exif)
        tags[XMP_TAG] = xmp
        return {"exif": tags.tobytes()}
    if suffix in (".jpg", ".jpeg") and len(xmp) > LARGEST_IN_JPEG:
        warnings.warn("The XMP of the photograph is too large for .jpg and is left out.")
        xmp = marked()
    return options | {"xmp": xmp} if xmp else options


def _parsed(xmp):
    data = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    data = data.strip(b"\0 \t\r\n")
    if len(data) > LARGEST:
        raise ValueError(f"it has {len(data):,} bytes")
    # There are no entities in XMP, and those of others could be made to fill the memory.
    if b"<!" in data.replace(b"<!--", b""):
        raise ValueError("it declares a document type")
    try:
        document = minidom.parseString(data)
    except (ExpatError, ValueError, LookupError, RecursionError) as error:
        raise ValueError(f"no valid XML: {error}") from None
    if not document.getElementsByTagNameNS(RDF, "RDF"):
        raise ValueError("there is no RDF in it")
    return document


def _packet(document):
    # Without the declaration that a document has: a packet lies among other bytes.
    return "".join(node.toxml() for node in document.childNodes).encode()


def _descriptions(document):
    return document.getElementsByTagNameNS(RDF, "Description")


def _text(document, namespace, name):
    """The value of a property, which is an attribute of a description or an element in one."""
    for description in _descriptions(document):
        if value := description.getAttributeNS(namespace, name):
            return value.strip()
    for element in document.getElementsByTagNameNS(namespace, name):
        if value := element.getAttributeNS(RDF, "resource"):
            return value.strip()
        text = "".join(node.data for node in element.childNodes if node.nodeType == node.TEXT_NODE)
        if text.strip():
            return text.strip()
    return None


def _take_out(document, namespace, name):
    for description in _descriptions(document):
        if description.hasAttributeNS(namespace, name):
            description.removeAttributeNS(namespace, name)
    for element in document.getElementsByTagNameNS(namespace, name):
        element.parentNode.removeChild(element)
