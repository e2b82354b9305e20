//! Text that is not in UTF-8, as spreadsheets and older systems save it.

use std::io::{BufRead, BufReader};
use std::str::FromStr;

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::source::TEXT_BUFFER_BYTES;
use crate::units::ParseUnitError;

const UTF_16_MARKS: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// What stands where bytes are no text of the encoding.
const REPLACEMENT: char = '\u{fffd}';

/// How the characters of a text are written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl FromStr for Encoding {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        encoding_rs::Encoding::for_label(text.as_bytes())
            .map(Self)
            .ok_or_else(|| ParseUnitError::new(text, "an encoding such as windows-1252, gb18030 or utf-16le"))
    }
}

/// A text in UTF-8: from this encoding, or from UTF-16 where the text begins with its mark. Without either it stays as it is.
pub(super) fn in_utf8<'a>(
    mut text: Box<dyn BufRead + 'a>,
    encoding: Option<Encoding>,
) -> std::io::Result<Box<dyn BufRead + 'a>> {
    let start = text.fill_buf()?;
    if encoding.is_none() && !UTF_16_MARKS.iter().any(|mark| start.starts_with(mark)) {
        return Ok(text);
    }
    let decoded = DecodeReaderBytesBuilder::new()
        .encoding(encoding.map(|Encoding(encoding)| encoding))
        .bom_override(true)
        .build(text);
    Ok(Box::new(BufReader::with_capacity(TEXT_BUFFER_BYTES, decoded)))
}

/// Whether a text that was decoded had bytes that are no text of its encoding.
pub(super) fn is_garbled(text: &str) -> bool {
    text.contains(REPLACEMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], encoding: Option<&str>) -> String {
        let mut text = String::new();
        let encoding = encoding.map(|name| name.parse().unwrap());
        in_utf8(Box::new(bytes), encoding).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn text_is_decoded_from_what_it_is_said_or_marked_to_be() {
        assert_eq!(read(b"M\xfcller;12 \x80", Some("windows-1252")), "Müller;12 €");
        assert_eq!(read(b"\xbf\xcd\xbb\xa7", Some("gb18030")), "客户");
        assert_eq!(read(b"\xff\xfea\0\xfc\0", None), "aü", "marked as UTF-16");
        assert_eq!(read(b"\xfe\xff\0a\0\xfc", Some("gbk")), "aü", "the mark says it better");
        assert_eq!(read("Müller".as_bytes(), None), "Müller");
        assert!(is_garbled(&read(b"M\xfcller", Some("utf-8"))) && !is_garbled("Müller"));
        assert!("ebcdic".parse::<Encoding>().is_err());
    }
}
