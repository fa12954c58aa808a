"""OpenDocument sheets, written by hand.

Spec: https://docs.oasis-open.org/office/OpenDocument/v1.3/
"""

import io
import zipfile

ODS_HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3">'
    '<office:body><office:spreadsheet><table:table table:name="Sheet">'
)
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"


def ods(rows: str) -> bytes:
    """Write an OpenDocument sheet of these rows."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_MIME, zipfile.ZIP_STORED)
        end = "</table:table></office:spreadsheet></office:body></office:document-content>"
        archive.writestr("content.xml", ODS_HEAD + rows + end)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{_MANIFEST}">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_MIME}"/>'
            "</manifest:manifest>",
        )
    return written.getvalue()


def cell(told: str, more: str = "") -> str:
    """Write a cell that holds a text."""
    return (
        f'<table:table-cell office:value-type="string" {more}><text:p>{told}</text:p>'
        "</table:table-cell>"
    )


def line(*cells: str, more: str = "") -> str:
    """Write a row of cells."""
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"
