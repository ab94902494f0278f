//! A big blob, unpacked piece by piece: libgit2 maps the whole of its file, or of the pack that it is in.

use super::entries::{Form, Header, LONGEST_HEADER};
use super::pack::Pack;
use super::places::{self, Store};
use crate::git::ObjectKind;
use crate::git::repo::Handles;
use crate::host::fs;
use crate::model::ObjectId;
use flate2::bufread::ZlibDecoder;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The content of a blob of this size; `None`: it is nowhere as a file of its own or as a whole entry of a pack. Its name is
/// not checked.
pub(in crate::git) fn blob(repo: &Handles, id: ObjectId, size: u64) -> Option<Box<dyn Read>> {
    let stores = places::stores(repo).ok()?;
    let loose = stores.iter().find_map(|store| loose(store, id, size));
    loose.or_else(|| stores.iter().flat_map(places::packs).find_map(|stem| packed(&stem, id, size)))
}

fn loose(store: &Store, id: ObjectId, size: u64) -> Option<Box<dyn Read>> {
    let hex = id.to_string();
    let file = fs::open_regular(&store.path.join(Path::new(&hex[..2]).join(&hex[2..]))).ok()?;
    let mut content = BufReader::new(ZlibDecoder::new(BufReader::new(file)));
    let mut head = Vec::new();
    content.by_ref().take(64).read_until(0, &mut head).ok()?;
    (head == format!("blob {size}\0").as_bytes()).then(|| Box::new(content) as Box<dyn Read>)
}

fn packed(stem: &Path, id: ObjectId, size: u64) -> Option<Box<dyn Read>> {
    // What cannot be read is libgit2's business.
    let pack = Pack::open(stem).ok()?;
    let at = pack.offset(pack.find(&id).ok()??).ok()?;
    let mut head = [0; LONGEST_HEADER];
    let there = pack.data.read_at(&mut head, at).ok()?;
    let header = Header::parse(&head[..there])?;
    let is_it = matches!(header.form, Form::Whole(kind) if kind == ObjectKind::Blob as u8) && header.size == size;
    let mut file = pack.data;
    file.seek(SeekFrom::Start(at + header.length as u64)).ok()?;
    is_it.then(|| Box::new(ZlibDecoder::new(BufReader::new(file))) as Box<dyn Read>)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make files")]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    #[test]
    fn a_blob_of_a_pack_is_unpacked_piece_by_piece() {
        let repo = TestRepo::new();
        let bytes: Vec<u8> = (0..500_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        repo.write("big", &bytes);
        repo.commit_all();
        let id = ObjectId::from_hex(repo.git(&["rev-parse", "HEAD:big"]).trim_ascii()).unwrap();
        let commit = ObjectId::from_hex(repo.git(&["rev-parse", "HEAD"]).trim_ascii()).unwrap();
        for packs in [false, true] {
            if packs {
                repo.git(&["repack", "-adq"]);
            }
            let opened = crate::git::Repo::open_at(repo.root()).unwrap();
            let mut back = Vec::new();
            blob(&opened, id, bytes.len() as u64).unwrap().read_to_end(&mut back).unwrap();
            assert!(back == bytes);
            assert!(blob(&opened, id, bytes.len() as u64 + 1).is_none());
            assert!(blob(&opened, commit, 5).is_none());
        }
    }
}
