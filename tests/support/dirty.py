#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""dirty.py DIR WORD: one file of each sort that can be attached, each of which says somewhere who made it.

That is WORD (24 characters) in what is made here, and in what of tests/vectors/attachments can be changed
without coding it again; the rest says CANARYCANARYCANARYCANARY. Prints the names of the files."""
import os, struct, sys, zipfile, zlib

PLACE = b"CANARYCANARYCANARYCANARY"
here, word = sys.argv[1], sys.argv[2]
who = word.encode()
assert len(who) == len(PLACE)

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def png(animated=False):
    rows = b"".join(b"\0" + bytes((x * 16, y * 16, 128)[i] for x in range(16) for i in range(3)) for y in range(16))
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    if animated:
        out += chunk(b"acTL", struct.pack(">II", 1, 0))
        out += chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 16, 16, 0, 0, 1, 10, 0, 0))
    return out + chunk(b"tEXt", b"Author\0" + who) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"") + who

def bmp():
    rows = bytes(range(256)) * 3
    return struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + len(rows), 0, 0, 54, 40, 16, 16, 1, 24, 0, len(rows), 0, 0, 0, 0) + rows + who

def pnm(kind, row):
    return b"P%d\n# %s\n16 16\n%s" % (kind, who, b"" if kind == 4 else b"255\n") + row * 16

def pdf():
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length 44 >>\nstream\nBT /F 12 Tf 20 50 Td (What was posted) Tj ET \nendstream",
        b"<< /Author (%s) /Creator (%s) /CreationDate (D:20261120030405Z) >>" % (who, who),
    ]
    out, at = b"%PDF-1.4\n", []
    for n, o in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, o)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(at) + 1) + b"".join(b"%010d 00000 n \n" % a for a in at)
    return out + b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(at) + 1, xref)

def pack(path, parts, stored=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts:
            z.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 3, 4, 6)), text,
                       zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)

X = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/"
MAINS = {
    "docx": ("word/document.xml", "wordprocessingml.document",
             '<w:document xmlns:w="%swordprocessingml/2006/main"><w:body><w:p w:rsidR="00AB12CD"><w:r><w:t>What was posted</w:t></w:r></w:p></w:body></w:document>'),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet",
             '<workbook xmlns="%sspreadsheetml/2006/main" xmlns:r="' + OFFICE + 'officeDocument/2006/relationships"><sheets><sheet name="Posts" sheetId="1" r:id="rId1"/></sheets></workbook>'),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation",
             '<p:presentation xmlns:p="%spresentationml/2006/main"><p:sldSz cx="9144000" cy="6858000"/></p:presentation>'),
}

def office(kind):
    main, type_, text = MAINS[kind]
    folder, name = main.split("/")
    parts = [
        ("[Content_Types].xml", X + '<Types xmlns="%spackage/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.%s.main+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>%s</Types>'
         % (OFFICE, main, type_, '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>' if kind == "xlsx" else "")),
        ("_rels/.rels", X + '<Relationships xmlns="%spackage/2006/relationships"><Relationship Id="rId1" Type="%sofficeDocument/2006/relationships/officeDocument" Target="%s"/><Relationship Id="rId2" Type="%spackage/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>' % (OFFICE, OFFICE, main, OFFICE)),
        (main, X + text % OFFICE),
        ("docProps/core.xml", X + '<cp:coreProperties xmlns:cp="%spackage/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>%s</dc:creator></cp:coreProperties>' % (OFFICE, word)),
    ]
    if kind == "xlsx":
        parts.append((folder + "/_rels/" + name + ".rels", X + '<Relationships xmlns="%spackage/2006/relationships"><Relationship Id="rId1" Type="%sofficeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' % (OFFICE, OFFICE)))
        parts.append(("xl/worksheets/sheet1.xml", X + '<worksheet xmlns="%sspreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>412</v></c></row></sheetData></worksheet>' % OFFICE))
    return parts

NS = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
BODIES = {
    "odt": ("text", "<office:text><text:p>What was posted</text:p></office:text>"),
    "ods": ("spreadsheet", '<office:spreadsheet><table:table table:name="Posts"><table:table-row><table:table-cell><text:p>412</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>'),
    "odp": ("presentation", '<office:presentation><draw:page draw:name="one"/></office:presentation>'),
    "odg": ("graphics", '<office:drawing><draw:page draw:name="one"/></office:drawing>'),
}

def open_document(kind):
    name, body = BODIES[kind]
    type_ = "application/vnd.oasis.opendocument." + name
    return [
        ("mimetype", type_),
        ("content.xml", X + "<office:document-content %s office:version=\"1.2\"><office:body>%s</office:body></office:document-content>" % (NS, body)),
        ("meta.xml", X + "<office:document-meta %s office:version=\"1.2\"><office:meta><meta:initial-creator>%s</meta:initial-creator></office:meta></office:document-meta>" % (NS, word)),
        ("META-INF/manifest.xml", X + '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="%s"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/><manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>' % type_),
    ]

TEXT = "Kelly Burke posted a chart.\nWrite to me at %s@mail.example.\n" % word
files = {
    "png": png(), "apng.png": png(True), "bmp": bmp(),
    "pbm": pnm(4, b"\xaa\x55"), "pgm": pnm(5, bytes(range(16))), "ppm": pnm(6, bytes(range(48))),
    "svg": '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><!-- %s --><metadata>%s</metadata><rect width="9" height="9"/></svg>\n' % (word, word),
    "txt": TEXT, "csv": "who,said\nKelly Burke,\"call me at 404-555-0163\"\nOmar,nothing\nRuth,nothing\n" * 3,
    "json": '{"who": "Kelly Burke", "said": "nothing", "posts": [1, 2, 3]}\n',
    "rtf": r"{\rtf1\ansi{\info{\author %s}}What was posted\par}" % word,
    "pdf": pdf(),
}
for name, data in files.items():
    with open(os.path.join(here, "dirty." + name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
for kind in MAINS:
    pack(os.path.join(here, "dirty." + kind), office(kind), ("docProps/core.xml",))
for kind in BODIES:
    pack(os.path.join(here, "dirty." + kind), open_document(kind), ("mimetype",))
pack(os.path.join(here, "dirty.zip"), [(word + ".txt", TEXT), ("a.png", png())])
vectors = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", "attachments")
for name in os.listdir(vectors):
    data = open(os.path.join(vectors, name), "rb").read()
    with open(os.path.join(here, name), "wb") as f:
        f.write(data if name.endswith(".ogg") else data.replace(PLACE, who))  # an Ogg page has a sum
print("\n".join(sorted(n for n in os.listdir(here) if n.startswith("dirty."))))
