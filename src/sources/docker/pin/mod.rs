//! Our pins: an override file for one Compose service, by which it runs exactly one image until somebody removes the
//! file. Its first lines say whose it is, when and by which Run it was made, and what stood there before.

mod keep;

use serde::{Deserialize, Serialize};

use crate::model::Image;

pub(super) use keep::{read, write};

/// The first line of each pin: what a person finds who opens it.
const HEAD: &str = "# Made by Quarterdeck: it pins the image of one Compose service. Remove it, and the project's own files decide again.";

/// One pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pin {
    /// `name@sha256:…`, or an image id where the image has no digest.
    pub(super) image: String,
    /// The Run that made it.
    pub(super) run: String,
    /// When, by the engine's clock.
    pub(super) at: String,
    /// How many Instances that Run brings to it.
    pub(super) instances: u32,
    /// What stood there before that Run; its own past is not kept.
    pub(super) before: Option<Box<Pin>>,
}

/// A pin as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) service: String,
    pub(super) path: String,
    pub(super) pin: Pin,
}

impl Pin {
    /// The file: its facts as one comment, then the override.
    pub(super) fn text(&self, project: &str, service: &str) -> String {
        let facts = serde_json::to_string(self).unwrap_or_default();
        let (name, image) = (quoted(service), quoted(&self.image));
        format!(
            "{HEAD}\n# {project}/{service}, by Run {}, {}\n# facts: {facts}\nservices:\n  {name}:\n    image: {image}\n",
            self.run, self.at
        )
    }

    /// Reads such a file; `None`: it is not one of ours.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let facts = lines.next().filter(|head| *head == HEAD).and(lines.next()).and(lines.next())?;
        serde_json::from_str(facts.strip_prefix("# facts: ")?).ok()
    }

    /// Whether an image is the one that it pins.
    pub(super) fn is_of(&self, image: &Image) -> bool {
        let exact = self.exact();
        [&image.digest, &image.id].into_iter().flatten().any(|known| known.raw() == exact)
    }

    /// The digest, or the image's id: what a row has room for.
    pub(super) fn exact(&self) -> &str {
        self.image.rsplit_once('@').map_or(self.image.as_str(), |(_, digest)| digest)
    }
}

/// A word of YAML in double quotes, which read as in JSON.
fn quoted(word: &str) -> String {
    serde_json::Value::from(word).to_string()
}

/// Whether a path on a container's label is one of our pins.
pub(super) fn is_one(path: &str) -> bool {
    path.contains("/quarterdeck/pins/") && std::path::Path::new(path).extension().is_some_and(|end| end == "yaml")
}

/// Whether a project's or service's name can stand in a path and on a command line as it is; Compose allows no others.
pub(super) fn is_plain(name: &str) -> bool {
    let is_ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.len() <= 128 && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && name.chars().all(is_ok)
}

/// Whether an image can be written into a pin as it is: Compose would expand `$`, and YAML has its own ideas of the rest.
pub(super) fn is_image(image: &str) -> bool {
    let is_ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '+');
    !image.is_empty()
        && image.len() <= 512
        && image.starts_with(|c: char| c.is_ascii_alphanumeric())
        && image.chars().all(is_ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin() -> Pin {
        Pin {
            image: "reg.example:5000/shop/web@sha256:aa11".to_owned(),
            run: "3f2a".to_owned(),
            at: "2026-03-01T03:00:00Z".to_owned(),
            instances: 2,
            before: None,
        }
    }

    #[test]
    fn a_pin_says_whose_it_is_when_and_by_which_run_and_is_read_back() {
        let text = pin().text("shop-prod", "web");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("Quarterdeck") && lines[1] == "# shop-prod/web, by Run 3f2a, 2026-03-01T03:00:00Z");
        assert_eq!(&lines[3..], ["services:", "  \"web\":", "    image: \"reg.example:5000/shop/web@sha256:aa11\""]);
        assert_eq!(Pin::parse(&text), Some(pin()));
        let over = Pin { before: Some(Box::new(pin())), run: "4".to_owned(), ..pin() };
        assert_eq!(Pin::parse(&over.text("shop-prod", "web")), Some(over));
        assert_eq!(Pin::parse("services: {web: {image: x}}"), None);
        assert_eq!(pin().exact(), "sha256:aa11");
    }

    #[test]
    fn a_names_that_would_leave_the_folder_or_be_options_are_no_names() {
        assert!(is_plain("shop-prod") && is_plain("_x") && is_plain("web.2"));
        for bad in ["", "..", "../x", "a/b", "-o", "a b", "$(touch x)", "x;y", "a\nb", ".hidden"] {
            assert!(!is_plain(bad), "{bad}");
        }
        assert!(is_image("127.0.0.1:5000/shop/web@sha256:aa") && is_image("sha256:aa"));
        for bad in ["", "-v", "${X}", "a b", "a\"b", "a\nb"] {
            assert!(!is_image(bad), "{bad}");
        }
        assert!(is_one("/s/quarterdeck/pins/p/web.yaml") && !is_one("/srv/p/compose.yaml"));
    }
}
