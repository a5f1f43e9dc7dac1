//! The status of a gRPC call: its code in trailers, in a head, or guessed by nobody.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::names::GRPC_CODES;

static STATUS: HeaderName = HeaderName::from_static("grpc-status");

static TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// A status code of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Code(u8);

// ===== impl Code =====

impl Code {
    pub(super) const CANCELED: Self = Self(1);
    pub(super) const UNKNOWN: Self = Self(2);
    pub(super) const DEADLINE_EXCEEDED: Self = Self(4);
    pub(super) const PERMISSION_DENIED: Self = Self(7);
    pub(super) const UNIMPLEMENTED: Self = Self(12);
    pub(super) const INTERNAL: Self = Self(13);
    pub(super) const UNAVAILABLE: Self = Self(14);
    pub(super) const DATA_LOSS: Self = Self(15);
    pub(super) const UNAUTHENTICATED: Self = Self(16);

    /// All codes.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..17).map(Self)
    }

    /// Reads `grpc-status`, where there is one. What is no code is `Unknown`, as every client takes it.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = find(headers, &STATUS)?;
        let number = match value.as_bytes() {
            [digit @ b'0'..=b'9'] => Some(digit - b'0'),
            [b'1', digit @ b'0'..=b'6'] => Some(10 + digit - b'0'),
            _ => None,
        };
        Some(number.map_or(Self::UNKNOWN, Self))
    }

    /// What clients make of an answer that is none of gRPC: the mapping of the gRPC project's
    /// `http-grpc-status-mapping`. Nothing for 200, which tells nothing.
    pub(super) fn of_http(status: StatusCode) -> Option<Self> {
        match status.as_u16() {
            200 => None,
            400 => Some(Self::INTERNAL),
            401 => Some(Self::UNAUTHENTICATED),
            403 => Some(Self::PERMISSION_DENIED),
            404 => Some(Self::UNIMPLEMENTED),
            429 | 502 | 503 | 504 => Some(Self::UNAVAILABLE),
            _ => Some(Self::UNKNOWN),
        }
    }

    /// As the end of a call keeps it, where 0 is no code.
    pub(super) fn to_end(self) -> u16 {
        u16::from(self.0) + 1
    }

    pub(super) fn of_end(code: u16) -> Option<Self> {
        let number = u8::try_from(code).ok()?.checked_sub(1)?;
        (number < 17).then_some(Self(number))
    }

    pub(super) fn as_str(self) -> &'static str {
        GRPC_CODES[usize::from(self.0)]
    }
}

/// Reads `grpc-timeout`, in seconds: at most eight digits and a unit, as the gRPC protocol over HTTP/2 has it.
pub(super) fn timeout(headers: &HeaderMap) -> Option<f64> {
    let value = find(headers, &TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let number: u32 = digits.parse().ok().filter(|_| (1..=8).contains(&digits.len()))?;
    let unit = match unit {
        "H" => 3_600.0,
        "M" => 60.0,
        "S" => 1.0,
        "m" => 1e-3,
        "u" => 1e-6,
        "n" => 1e-9,
        _ => return None,
    };
    Some(f64::from(number) * unit)
}

/// Looks through the few headers that there are in gRPC, which takes less than to hash the name.
#[inline]
fn find<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    const FEW: usize = 8;
    match headers.len() {
        0 => None,
        1..=FEW => headers.iter().find_map(|(its, value)| (its == name).then_some(value)),
        _ => headers.get(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_found_among_few_headers_and_among_many_and_the_first_of_two() {
        for others in [0, 1, 6, 7, 8, 40] {
            let mut headers = HeaderMap::new();
            for n in 0..others {
                let name = HeaderName::try_from(format!("x-{n}")).expect("it is a name");
                headers.insert(name, HeaderValue::from_static("5"));
            }
            assert_eq!(Code::of(&headers), None, "{others} others");
            headers.append(&STATUS, HeaderValue::from_static("7"));
            headers.append(&STATUS, HeaderValue::from_static("13"));
            assert_eq!(Code::of(&headers), Some(Code::PERMISSION_DENIED), "{others} others");
        }
    }
}
