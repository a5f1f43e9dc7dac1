//! Whether a caller takes the one format that there is, by its `Accept`.

use http::{HeaderMap, header::ACCEPT};
use mediatype::{MediaType, MediaTypeList, Name, ReadParams, names};

/// The version of the text format, as the answer's `Content-Type` says it too.
const VERSION: &str = "0.0.4";

/// Whether the text format 0.0.4 is acceptable ([RFC 9110, 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)):
/// the range that fits it most closely decides, and of ranges as close the first that takes it.
///
/// What cannot be read as a range is passed over, and who says nothing that can be read takes anything: a scrape that
/// worked with other exporters is not broken by its header.
pub(super) fn takes_text(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = values.flat_map(MediaTypeList::new).filter_map(Result::ok).peekable();
    if ranges.peek().is_none() {
        return true;
    }
    let fits = ranges.filter_map(|range| Some((closeness(&range)?, is_taken(&range))));
    fits.max().is_some_and(|(_, taken)| taken)
}

/// How closely a range fits the text format, if it does. Parameters other than the version, such as the charset or
/// the escaping of names, ask for what every text page is.
fn closeness(range: &MediaType<'_>) -> Option<u8> {
    let version = range.get_param(Name::new_unchecked("version"));
    if range.ty == names::_STAR && range.subty == names::_STAR {
        Some(0)
    } else if range.ty != names::TEXT || range.suffix.is_some() {
        None
    } else if range.subty == names::_STAR {
        Some(1)
    } else if range.subty != names::PLAIN {
        None
    } else {
        version.map_or(Some(2), |version| (version.unquoted_str() == VERSION).then_some(3))
    }
}

/// Whether the weight is above zero; without one, or with one that is no number, it is.
fn is_taken(range: &MediaType<'_>) -> bool {
    let weight = range.get_param(names::Q).and_then(|weight| weight.as_str().parse::<f32>().ok());
    weight.is_none_or(|weight| weight > 0.0)
}
