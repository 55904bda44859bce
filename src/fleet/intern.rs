//! Equal texts of many facts share one string: a thousand pods of one Deployment name their namespace once.

use std::collections::HashSet;

use crate::model::{Fact, Image, Instance, Key, Text};

/// Below this many texts no sweep is worth its time.
const SMALL: usize = 4096;

/// The texts that facts share.
#[derive(Clone, Debug)]
pub(super) struct Interner {
    texts: HashSet<Text>,
    /// At this size, texts that no fact holds any more are swept out.
    sweep_at: usize,
}

impl Default for Interner {
    fn default() -> Self {
        Self { texts: HashSet::new(), sweep_at: SMALL }
    }
}

impl Interner {
    /// Makes the repeated texts of a fact shared ones. Names that differ from fact to fact are left alone.
    pub(super) fn share_fact(&mut self, fact: &mut Fact) {
        match fact {
            Fact::Instance(f) => self.share_instance(f),
            Fact::Revision(f) => {
                self.share_key(&mut f.key);
                self.share(&mut f.scope);
                self.share(&mut f.workload.1);
                self.share_images(&mut f.images);
            }
            Fact::Event(f) => {
                self.share_key(&mut f.key);
                for text in [&mut f.scope, &mut f.reason, &mut f.about_kind, &mut f.about_name] {
                    self.share(text);
                }
            }
            Fact::Workload(f) => {
                self.share_key(&mut f.key);
                self.share(&mut f.scope);
                self.share(&mut f.name);
                self.share_images(&mut f.images);
            }
            Fact::Scope(_)
            | Fact::Autoscaler(_)
            | Fact::Route(_)
            | Fact::Budget(_)
            | Fact::Node(_)
            | Fact::Queue(_)
            | Fact::Alarm(_)
            | Fact::Check(_)
            | Fact::Store(_)
            | Fact::Reading(_) => {}
        }
        if self.texts.len() > self.sweep_at {
            self.texts.retain(Text::is_shared);
            self.sweep_at = SMALL.max(self.texts.len() * 2);
        }
    }

    fn share_instance(&mut self, f: &mut Instance) {
        self.share_key(&mut f.key);
        self.share(&mut f.scope);
        if let Some((_, name)) = &mut f.workload {
            self.share(name);
        }
        for text in [&mut f.node, &mut f.template].into_iter().flatten() {
            self.share(text);
        }
        self.share_images(&mut f.images);
        f.containers.iter_mut().for_each(|name| self.share(name));
        f.images.shrink_to_fit();
        f.containers.shrink_to_fit();
    }

    fn share_key(&mut self, key: &mut Key) {
        self.share(&mut key.source.0);
    }

    fn share_images(&mut self, images: &mut [Image]) {
        for image in images {
            self.share(&mut image.reference);
            for text in [&mut image.digest, &mut image.id].into_iter().flatten() {
                self.share(text);
            }
        }
    }

    /// Texts are equal by what was said; they are shared only where they are shown alike as well, so that a name never
    /// takes the looks of a line of prose (a look-alike would then be shown without its marks).
    fn share(&mut self, text: &mut Text) {
        match self.texts.get(text) {
            Some(known) if known.shown() == text.shown() => *text = known.clone(),
            Some(_) => {}
            None => drop(self.texts.insert(text.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_takes_the_looks_of_prose() {
        let mut interner = Interner::default();
        let (mut line, mut name) = (Text::line("prоd"), Text::name("prоd"));
        interner.share(&mut line);
        interner.share(&mut name);
        assert_eq!(name.shown(), "pr⟦U+043E⟧d");
    }

    #[test]
    fn what_nobody_holds_any_more_is_swept_out() {
        let mut interner = Interner { sweep_at: 2, ..Interner::default() };
        for n in 0..5 {
            interner.share(&mut Text::name(&format!("gone-{n}")));
        }
        let node = crate::model::Node {
            key: Key::new(&crate::model::SourceName::new("s"), crate::model::Kind::Node, "n"),
            name: Text::name("n"),
            ready: None,
            cordoned: false,
            pressures: vec![],
            version: None,
        };
        interner.share_fact(&mut Fact::Node(Box::new(node)));
        assert_eq!(interner.texts.len(), 0);
    }
}
