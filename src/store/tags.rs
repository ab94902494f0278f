//! Annotated tags that no ref holds any more: a commit cannot have one as its parent, so a snapshot holds a copy.

use crate::git::{ObjectKind, ObjectSink, Repo};
use crate::model::{ObjectId, Step};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The directory of the copies in a manifest's tree.
pub const TAGS: &[u8] = b"tags";

/// Copies of the tag objects that steps take from a ref or give to one: by the tag's name, the blob with its bytes.
///
/// The tags themselves are added too: what only an unreachable pack holds can be pruned before a step needs it.
pub fn copies(repo: &Repo, steps: &[Step], sink: &ObjectSink<'_>) -> Result<BTreeMap<ObjectId, ObjectId>> {
    let mut out = BTreeMap::new();
    let refs = steps.iter().filter_map(|step| match step {
        Step::Ref { old, new, .. } => Some([*old, *new]),
        _ => None,
    });
    for id in refs.flatten().flatten() {
        let mut next = Some(id);
        while let Some((id, bytes)) =
            next.filter(|id| !out.contains_key(id)).and_then(|id| Some((id, repo.tag_bytes(id).ok()??)))
        {
            out.insert(id, sink.add(ObjectKind::Blob, &bytes)?);
            sink.add(ObjectKind::Tag, &bytes)?;
            next = tag_within(&bytes);
        }
    }
    Ok(out)
}

/// The tag that a tag is about, when it is about one.
fn tag_within(bytes: &[u8]) -> Option<ObjectId> {
    let mut lines = bytes.split(|&b| b == b'\n');
    let id = lines.next()?.strip_prefix(b"object ")?;
    lines.next().filter(|line| line == b"type tag").and_then(|_| ObjectId::from_hex(id))
}

/// Adds the tags that steps give to refs and that were pruned meanwhile, from the copies in a snapshot.
///
/// # Errors
/// Refused when an object is gone and no copy of it is there.
pub fn revive(repo: &Repo, steps: &[Step], snapshot: ObjectId, sink: &ObjectSink<'_>) -> Result<()> {
    let tree = repo.commit(snapshot)?.tree;
    let wanted = steps.iter().filter_map(|step| match step {
        Step::Ref { name, new: Some(id), .. } => Some((name, *id)),
        _ => None,
    });
    for (name, id) in wanted {
        let mut next = Some(id);
        while let Some(id) = next.filter(|id| !repo.exists(*id) && !sink.holds(id)) {
            let place = [TAGS, b"/", id.to_string().as_bytes()].concat();
            let Some(copy) = repo.trees()?.find(tree, &place)? else {
                return Err(Error::refused(format!("{name} cannot come back: the object it pointed to was pruned")));
            };
            let bytes = repo.blob(copy.id)?;
            if sink.add(ObjectKind::Tag, &bytes)? != id {
                return Err(Error::fault(format!("the copy of the tag {id} in a snapshot is damaged")));
            }
            next = tag_within(&bytes);
        }
    }
    Ok(())
}
