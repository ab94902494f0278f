//! Baselines: annotated tags that say so, and the tag that the settings name.

use super::points::body_of;
use crate::Result;
use crate::config::Config;
use crate::git::{MODE_GITLINK, ObjectSink, Ref, Repo};
use crate::model::{ObjectId, Time};

const TAGS: &str = "refs/tags/";

/// A known-good state.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The tag's short name.
    pub name: String,
    /// The tag's full name.
    pub reference: String,
    /// What the tag points to directly.
    pub tag: ObjectId,
    /// The commit.
    pub commit: ObjectId,
    /// When it was set; of a lightweight tag, when the commit was made.
    pub time: Time,
    /// Who set it; of a lightweight tag, who wrote the commit.
    pub who: String,
    /// Why it is one; may be empty.
    pub message: String,
    /// Whether this tool set it.
    pub ours: bool,
}

/// All baselines, newest first. A tag that cannot be read is none.
pub fn list(repo: &Repo, config: &Config) -> Result<Vec<Baseline>> {
    let tags = repo.references(&format!("{TAGS}*"))?;
    let mut out: Vec<Baseline> = tags.iter().filter_map(|found| of_tag(repo, config, found)).collect();
    out.sort_by(|a, b| b.time.seconds.cmp(&a.time.seconds).then_with(|| a.name.cmp(&b.name)));
    Ok(out)
}

fn of_tag(repo: &Repo, config: &Config, found: &Ref) -> Option<Baseline> {
    let reference = found.utf8_name()?;
    let name = reference.strip_prefix(TAGS)?;
    let info = repo.tag(found.id).ok()?;
    let ours = info.as_ref().is_some_and(|tag| tag.message.lines().any(|line| line == "Rollback-Kind: baseline"));
    if !ours && name != config.baseline {
        return None;
    }
    let commit = repo.commit(repo.peel(found.id).ok()??).ok()?;
    let (seconds, offset) = info.as_ref().and_then(|tag| tag.time).unwrap_or(commit.time);
    Some(Baseline {
        name: name.to_owned(),
        reference: reference.to_owned(),
        tag: found.id,
        commit: commit.id,
        time: Time::new(seconds, offset),
        who: info.as_ref().and_then(|tag| tag.tagger.clone()).unwrap_or(commit.author),
        message: info.map(|tag| body_of(&tag.message)).unwrap_or_default(),
        ours,
    })
}

/// The baseline that stands nearest behind `head`, with the commits that `head` and the baseline have for
/// themselves; where none stands behind it, the newest.
pub fn nearest(repo: &Repo, head: ObjectId, baselines: &[Baseline]) -> Result<Option<(Baseline, usize, usize)>> {
    let mut best: Option<(Baseline, usize, usize)> = None;
    // Each costs a walk through history; who has more than that many asks for one by name.
    for baseline in baselines.iter().take(8) {
        let (ahead, behind) = repo.ahead_behind(head, baseline.commit)?;
        let better = match &best {
            None => true,
            Some((_, best_ahead, best_behind)) => match (behind, best_behind) {
                (0, 0) => ahead < *best_ahead,
                (0, _) => true,
                _ => false,
            },
        };
        if better {
            best = Some((baseline.clone(), ahead, behind));
        }
    }
    Ok(best)
}

/// Reads everything that going to a commit needs; how many files there are.
///
/// # Errors
/// A fault that names the first object that is missing or damaged.
pub fn read_all(repo: &Repo, commit: ObjectId) -> Result<usize> {
    let files = repo.trees()?.files(repo.commit(commit)?.tree)?;
    let mut blobs: Vec<ObjectId> = files.values().filter(|e| e.mode != MODE_GITLINK).map(|e| e.id).collect();
    blobs.sort_unstable();
    blobs.dedup();
    repo.check_blobs(&blobs, &ObjectSink::naming_only(repo))?;
    Ok(files.len())
}
