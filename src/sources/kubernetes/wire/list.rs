//! Splits a protobuf list into its items while it arrives: `k8s\0` + `Unknown{1: TypeMeta, 2: raw}`, raw a
//! `XList{1: ListMeta, 2: repeated X}`. Only the item that is not whole yet is held.

use bytes::{Buf, BytesMut};
use prost::Message;

use super::super::lean::ListMeta;
use super::field::head;
use super::{Garbled, MAGIC, OBJECT_LIMIT};

/// Where in the answer the splitter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Magic,
    Envelope,
    /// Inside the list, with so many bytes of it to come.
    List(u64),
    /// After the list: what remains of the envelope is skipped.
    After,
}

/// The splitter; bytes go in by [`Splitter::push`], items come out by [`Splitter::next_item`].
#[derive(Debug)]
pub(crate) struct Splitter {
    place: Place,
    held: BytesMut,
    /// Bytes at the front of `held` that the last item used.
    used: usize,
    /// Bytes of a field nobody wants that are still to come.
    skip: u64,
    meta: ListMeta,
}

impl Default for Splitter {
    fn default() -> Self {
        Self { place: Place::Magic, held: BytesMut::new(), used: 0, skip: 0, meta: ListMeta::default() }
    }
}

impl Splitter {
    /// Takes bytes as they came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.held.advance(std::mem::take(&mut self.used));
        self.held.extend_from_slice(bytes);
    }

    /// The next whole item; `None`: more bytes are needed.
    ///
    /// # Errors
    /// Where the bytes are no such list.
    pub(crate) fn next_item(&mut self) -> Result<Option<&[u8]>, Garbled> {
        self.held.advance(std::mem::take(&mut self.used));
        loop {
            if !self.skipped() {
                return Ok(None);
            }
            match self.place {
                Place::Magic if self.held.len() < MAGIC.len() => {
                    let so_far = MAGIC.starts_with(&self.held);
                    return if so_far { Ok(None) } else { Err(Garbled::NoMagic) };
                }
                Place::Magic if !self.held.starts_with(MAGIC) => return Err(Garbled::NoMagic),
                Place::Magic => {
                    self.held.advance(MAGIC.len());
                    self.place = Place::Envelope;
                }
                Place::List(0) => self.place = Place::After,
                Place::Envelope | Place::After => {
                    let Some(field) = head(&self.held)? else { return Ok(None) };
                    self.held.advance(field.size);
                    if field.delimited && field.number == 2 && self.place == Place::Envelope {
                        self.place = Place::List(field.length);
                    } else {
                        self.skip = field.length;
                    }
                }
                Place::List(left) => match self.list_field(left)? {
                    Step::More => return Ok(None),
                    Step::Again => {}
                    Step::Item(from, to) => {
                        self.used = to;
                        return Ok(Some(&self.held[from..to]));
                    }
                },
            }
        }
    }

    fn list_field(&mut self, left: u64) -> Result<Step, Garbled> {
        let Some(field) = head(&self.held)? else { return Ok(Step::More) };
        let whole = field.length.checked_add(field.size as u64).ok_or(Garbled::Field)?;
        let rest = left.checked_sub(whole).ok_or(Garbled::Field)?;
        if !(field.delimited && (field.number == 1 || field.number == 2)) {
            self.held.advance(field.size);
            self.skip = field.length;
            self.place = Place::List(rest);
            return Ok(Step::Again);
        }
        let size = usize::try_from(whole).ok().filter(|n| *n <= OBJECT_LIMIT).ok_or(Garbled::TooLarge)?;
        if self.held.len() < size {
            self.held.reserve(size - self.held.len());
            return Ok(Step::More);
        }
        self.place = Place::List(rest);
        if field.number == 2 {
            return Ok(Step::Item(field.size, size));
        }
        self.meta = ListMeta::decode(&self.held[field.size..size]).map_err(|_| Garbled::Object)?;
        self.held.advance(size);
        Ok(Step::Again)
    }

    /// Drops what is to be skipped; false: there is more of it to come.
    fn skipped(&mut self) -> bool {
        let now = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.held.len());
        self.held.advance(now);
        self.skip -= now as u64;
        self.skip == 0
    }

    /// What the list says of itself, once the answer has ended.
    ///
    /// # Errors
    /// [`Garbled::Cut`] where it ended too early.
    pub(crate) fn finish(mut self) -> Result<ListMeta, Garbled> {
        self.held.advance(std::mem::take(&mut self.used));
        let whole = matches!(self.place, Place::List(0) | Place::After) && self.skip == 0 && self.held.is_empty();
        if whole { Ok(self.meta) } else { Err(Garbled::Cut) }
    }
}

enum Step {
    More,
    Again,
    Item(usize, usize),
}

#[cfg(test)]
mod tests {
    use super::super::super::lean::Meta;
    use super::super::super::lean::cluster::Namespace;
    use super::*;

    /// A list of Namespaces as a server writes it.
    fn answer(names: &[String]) -> Vec<u8> {
        let mut list = vec![0x0a];
        let meta = ListMeta { resource_version: "77".into(), next: "more".into() }.encode_to_vec();
        list.push(u8::try_from(meta.len()).unwrap());
        list.extend(meta);
        for name in names {
            let item = Namespace { metadata: Some(Meta { name: name.clone(), ..Meta::default() }) }.encode_to_vec();
            list.push(0x12);
            prost::encoding::encode_varint(item.len() as u64, &mut list);
            list.extend(item);
        }
        let mut out = MAGIC.to_vec();
        out.extend(b"\x0a\x04\x0a\x02v1\x12");
        prost::encoding::encode_varint(list.len() as u64, &mut out);
        out.extend(list);
        out.extend(b"\x1a\x00\x22\x00");
        out
    }

    fn read(chunks: &[&[u8]]) -> Result<(Vec<String>, ListMeta), Garbled> {
        let (mut splitter, mut names) = (Splitter::default(), Vec::new());
        for chunk in chunks {
            splitter.push(chunk);
            while let Some(item) = splitter.next_item()? {
                let item = Namespace::decode(item).map_err(|_| Garbled::Object)?;
                names.push(item.metadata.unwrap_or_default().name);
            }
        }
        Ok((names, splitter.finish()?))
    }

    #[test]
    fn an_answer_that_is_cut_anywhere_is_never_taken_for_whole() {
        let whole = answer(&["a".into(), "b".repeat(300)]);
        // The envelope's last two fields are empty and optional: without them the list is whole already.
        for end in 0..whole.len() - 4 {
            assert!(read(&[&whole[..end]]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn garbage_is_refused() {
        assert_eq!(read(&[b"<html>no</html>"]), Err(Garbled::NoMagic));
        assert_eq!(read(&[b"k8s\0\x12\x06\x12\xff\xff\xff\xff\x0f"]), Err(Garbled::Field));
        assert_eq!(read(&[b"k8s\0\x12\xff\xff\xff\xff\xff\x0f\x12\xff\xff\xff\xff\x0f"]), Err(Garbled::TooLarge));
    }

    proptest::proptest! {
        #[test]
        fn any_split_gives_the_same_items(
            names in proptest::collection::vec("[a-z]{0,200}", 0..20),
            cuts in proptest::collection::vec(0_usize..6000, 0..30),
        ) {
            let whole = answer(&names);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(whole.len())).chain([0, whole.len()]).collect();
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &whole[w[0]..w[1]]).collect();
            let (got, meta) = read(&chunks).unwrap();
            proptest::prop_assert_eq!(got, names);
            proptest::prop_assert_eq!((meta.resource_version.as_str(), meta.next.as_str()), ("77", "more"));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let mut tainted = MAGIC.to_vec();
            tainted.extend(&bytes);
            drop((read(&[&bytes]), read(&[&tainted])));
        }
    }
}
