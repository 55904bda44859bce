//! Kubernetes quantities (`100m`, `1.5Gi`, `2e3`) as numbers.
//!
//! Grammar: `k8s.io/apimachinery/pkg/api/resource/quantity.go`.

/// The value of a quantity; `None` where it is none.
#[must_use]
pub(crate) fn value(text: &str) -> Option<f64> {
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(split);
    let number: f64 = digits.parse().ok()?;
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024.0_f64.powi(2),
        "Gi" => 1024.0_f64.powi(3),
        "Ti" => 1024.0_f64.powi(4),
        "Pi" => 1024.0_f64.powi(5),
        "Ei" => 1024.0_f64.powi(6),
        _ => 10_f64.powi(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(number * factor)
}

/// Whole bytes of a quantity.
#[must_use]
pub(crate) fn bytes(text: &str) -> Option<u64> {
    whole(value(text)?)
}

/// Thousandths of a core of a quantity, rounded up as the kubelet does.
#[must_use]
pub(crate) fn millicores(text: &str) -> Option<u32> {
    // A hair is taken off first: 0.1 of a core is not quite a tenth in binary.
    whole((value(text)? * 1000.0 - 1e-6).ceil()).and_then(|n| u32::try_from(n).ok())
}

fn whole(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the range before it")]
    (0.0..1.8e19).contains(&number).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_the_api_writes_them() {
        let cases =
            [("100m", Some(100)), ("0.1", Some(100)), ("2", Some(2000)), ("1500u", Some(2)), ("x", None), ("-1", None)];
        for (text, want) in cases {
            assert_eq!(millicores(text), want, "{text}");
        }
        for (text, want) in
            [("128Mi", 128 << 20), ("1.5Gi", 3 << 29), ("1G", 1_000_000_000), ("12e3", 12_000), ("512", 512)]
        {
            assert_eq!(bytes(text), Some(want), "{text}");
        }
        assert_eq!((bytes(""), bytes("1Zi"), bytes("1e999")), (None, None, None));
    }
}
