//! Strings that repeat over thousands of objects, each kept once.

use std::collections::HashMap;

use crate::model::{Image, Text};

/// Most strings kept: beyond that nothing seems to repeat, and the store starts over.
const ROOM: usize = 20_000;

/// The store of repeated strings of one table.
#[derive(Debug, Default)]
pub(crate) struct Words {
    names: HashMap<Box<str>, Text>,
    images: HashMap<Box<str>, Image>,
}

impl Words {
    /// The name as a [`Text`], the same one for the same name.
    pub(crate) fn name(&mut self, raw: &str) -> Text {
        if let Some(text) = self.names.get(raw) {
            return text.clone();
        }
        if self.names.len() >= ROOM {
            self.names.clear();
        }
        let text = Text::name(raw);
        self.names.insert(raw.into(), text.clone());
        text
    }

    /// The image of a reference as written in a declaration.
    pub(crate) fn image(&mut self, reference: &str) -> Image {
        if let Some(image) = self.images.get(reference) {
            return image.clone();
        }
        if self.images.len() >= ROOM {
            self.images.clear();
        }
        let image = Image::of_reference(reference);
        self.images.insert(reference.into(), image.clone());
        image
    }

    /// Forgets all strings.
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.images.clear();
    }
}
