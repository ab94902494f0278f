//! Points: named places to go back to.

use super::layout::POINTS;
use crate::git::{Handles, ObjectSink, Ref, Repo, TagInfo, TagText, write_tag};
use crate::model::{ObjectId, Time, Who};
use crate::{Error, Result};

/// A named place to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// `baseline`, `checkpoint`, `backup`, ...
    pub kind: String,
    /// The ref that holds it.
    pub reference: String,
    /// What the ref points to: a tag object.
    pub tag: ObjectId,
    /// When it was made, from the ref's name (sorted as text, newest last).
    pub stamp: String,
}

/// What a point's tag says.
#[derive(Clone, Debug)]
pub struct PointDetail {
    /// A snapshot (a manifest commit) or a plain commit.
    pub target: ObjectId,
    /// The message, without trailers.
    pub message: String,
    /// When it was made.
    pub time: Time,
    /// The operation that made it.
    pub operation: Option<String>,
    /// The worktree it was made in.
    pub worktree: Option<String>,
    /// Of a snapshot, what it stands on; `None`: a plain commit, or a tag that does not say.
    pub base: Option<Base>,
}

/// The commit that HEAD was on when a snapshot was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// This one.
    Commit(ObjectId),
    /// There was none yet.
    Unborn,
}

impl Base {
    /// Of what HEAD led to.
    pub fn of(head: Option<ObjectId>) -> Base {
        head.map_or(Base::Unborn, Base::Commit)
    }

    /// The commit.
    pub fn commit(self) -> Option<ObjectId> {
        match self {
            Base::Commit(id) => Some(id),
            Base::Unborn => None,
        }
    }
}

/// A time that sorts as text and may stand in a ref name.
pub fn stamp(seconds: i64, nanos: u32) -> String {
    let days = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    let text = Time { seconds: days * 86_400 + rest, offset_minutes: 0 }.to_string();
    let digits: String = text.chars().take(19).filter(|c| c.is_ascii_digit() || *c == 'T').collect();
    format!("{digits}.{:03}Z", nanos / 1_000_000)
}

/// The time that a stamp says.
pub fn time_of_stamp(stamp: &str) -> Option<Time> {
    let (date, clock) = stamp.get(..15)?.split_once('T')?;
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_owned);
    let (year, month, day) = (part(date, 0, 4)?, part(date, 4, 6)?, part(date, 6, 8)?);
    let (hour, minute, second) = (part(clock, 0, 2)?, part(clock, 2, 4)?, part(clock, 4, 6)?);
    Time::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// The ref name of a point.
pub fn reference_of(stamp: &str, kind: &str, name: &str) -> String {
    format!("{POINTS}{stamp}/{kind}/{name}")
}

/// All points, newest first. Only ref names are read.
pub fn list(repo: &Repo) -> Result<Vec<Point>> {
    Ok(refs(repo)?.iter().filter_map(|found| Some(PointName::of(found)?.point(found.id))).collect())
}

/// The refs of all points, newest first.
pub fn refs(repo: &Repo) -> Result<Vec<Ref>> {
    let mut refs = repo.references(&format!("{POINTS}*"))?;
    refs.reverse();
    Ok(refs)
}

/// What the name of a point's ref says. There can be very many, so nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct PointName<'r> {
    reference: &'r str,
    /// When it was made.
    pub stamp: &'r str,
    /// Its kind.
    pub kind: &'r str,
    /// Its name.
    pub name: &'r str,
}

impl<'r> PointName<'r> {
    /// `None`: it is no point's ref.
    pub fn of(found: &'r Ref) -> Option<Self> {
        let reference = found.utf8_name()?;
        let mut parts = reference.strip_prefix(POINTS)?.splitn(3, '/');
        Some(PointName { reference, stamp: parts.next()?, kind: parts.next()?, name: parts.next()? })
    }

    /// The point, whose tag is `tag`.
    pub fn point(self, tag: ObjectId) -> Point {
        let PointName { reference, stamp, kind, name } = self;
        let owned = str::to_owned;
        Point { name: owned(name), kind: owned(kind), stamp: owned(stamp), reference: owned(reference), tag }
    }
}

/// The point a person names: the newest of that name, or with `NAME@STAMP` the one of that time. Baselines that were
/// moved are only reached with their time: their plain name is the tag's.
pub fn find<'p>(points: &'p [Point], name: &str) -> Option<&'p Point> {
    let stamped = name.rsplit_once('@');
    points.iter().find(|p| match stamped {
        Some((name, stamp)) => p.name == name && p.stamp == stamp,
        None => p.name == name && p.kind != "baseline",
    })
}

/// Reads what a point's tag says.
///
/// # Errors
/// Refused when the ref holds something that is no point.
pub fn detail(repo: &Handles, point: &Point) -> Result<PointDetail> {
    let not_one = || Error::refused(format!("{} is not a point of this tool", point.reference));
    Ok(of_tag(&repo.tag(point.tag)?.ok_or_else(not_one)?))
}

/// What a tag says, read as that of a point.
fn of_tag(tag: &TagInfo) -> PointDetail {
    let [operation, worktree, base] = trailers(&tag.message);
    PointDetail {
        target: tag.target,
        message: body_of(&tag.message),
        time: time_of(tag.time),
        operation: operation.map(str::to_owned),
        worktree: worktree.map(str::to_owned),
        base: base.and_then(base_of),
    }
}

/// What a list of points shows of a tag.
#[derive(Clone, Copy, Debug)]
pub struct PointLine<'t> {
    /// The first line of the message.
    pub subject: &'t str,
    /// When it was made.
    pub time: Time,
    /// As in [`PointDetail`].
    pub base: Option<Base>,
}

impl<'t> PointLine<'t> {
    /// Of a tag that is read as that of a point.
    pub fn of(tag: &'t TagText<'_>) -> Self {
        let [_, _, base] = trailers(&tag.message);
        let subject = own_text(&tag.message).trim().lines().next().unwrap_or_default();
        PointLine { subject, time: time_of(tag.time), base: base.and_then(base_of) }
    }
}

/// What a point's tag says behind its message: the operation, the worktree, and the base.
fn trailers(message: &str) -> [Option<&str>; 3] {
    // The last line counts: the ones above may be the user's own text.
    let mut found = [None; 3];
    for line in message.lines().rev().filter(|line| line.starts_with("Rollback-")) {
        for (key, found) in ["Rollback-Operation: ", "Rollback-Worktree: ", "Rollback-Base: "].iter().zip(&mut found) {
            *found = found.or(line.strip_prefix(key));
        }
    }
    found
}

fn time_of(said: Option<(i64, i32)>) -> Time {
    let (seconds, offset_minutes) = said.unwrap_or_default();
    Time { seconds, offset_minutes }
}

fn base_of(text: &str) -> Option<Base> {
    match text {
        UNBORN => Some(Base::Unborn),
        id => ObjectId::from_hex(id.as_bytes()).map(Base::Commit),
    }
}

/// Whether a tag with this message only records a point. Baselines are tags of the user's as well.
pub fn is_of_point(message: &str) -> bool {
    let mut kinds = message.lines().rev().filter_map(|line| line.strip_prefix("Rollback-Kind: "));
    kinds.next().is_some_and(|kind| ["checkpoint", "backup", "pin"].contains(&kind))
}

/// A tag's message without the trailers that this tool adds.
pub fn body_of(message: &str) -> String {
    own_text(message).replace("\r\n", "\n").trim().to_owned()
}

fn own_text(message: &str) -> &str {
    let lines = message.split_inclusive('\n').take_while(|line| !line.starts_with("Rollback-"));
    &message[..lines.map(str::len).sum()]
}

/// What the tag of a new point shall say.
#[derive(Clone, Copy, Debug)]
pub struct PointRecord<'a> {
    /// A snapshot, or a plain commit.
    pub target: ObjectId,
    /// What the snapshot stands on; `None`: the target is a plain commit.
    pub base: Option<Base>,
    /// The point's kind.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its message; may be empty.
    pub message: &'a str,
    /// The operation that makes it.
    pub operation: &'a str,
    /// The worktree it is made in.
    pub worktree: &'a str,
}

/// Says in a tag that there was no commit yet.
const UNBORN: &str = "none";

/// Adds the tag object of a point; the ref is a step of the plan.
pub fn write(sink: &ObjectSink<'_>, record: &PointRecord<'_>, who: &Who) -> Result<ObjectId> {
    let PointRecord { target, base, kind, name, message, operation, worktree } = *record;
    let base = base.map_or_else(String::new, |base| {
        let commit = base.commit().map_or_else(|| UNBORN.to_owned(), |id| id.to_string());
        format!("Rollback-Base: {commit}\n")
    });
    let message = format!(
        "{}\n\nRollback-Kind: {kind}\nRollback-Operation: {operation}\nRollback-Worktree: {worktree}\n{base}",
        if message.is_empty() { name } else { message }
    );
    write_tag(sink, target, name, who, &message)
}

/// Whether a name can be given to a new point: not one that means something else already.
///
/// # Errors
/// Refused, with the reason.
pub fn check_name(repo: &Repo, name: &str) -> Result<()> {
    let bad = |why: &str| Err(Error::refused(format!("\"{name}\" cannot be the name of a point")).because(why));
    if name.starts_with('-') || name.chars().any(|c| c.is_control()) {
        return bad("it starts with a dash or holds control characters");
    }
    if !crate::git::is_ref_name(&format!("{POINTS}x/y/{name}")) {
        return bad("git does not allow such names for refs");
    }
    if ["baseline", "last", "HEAD"].contains(&name) || name.contains(['@', ':']) {
        return bad("it means something else where a point is asked for");
    }
    let digits = name.strip_prefix('v').unwrap_or(name);
    if digits.split('.').count() >= 2
        && digits.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
    {
        return bad("it reads as a version");
    }
    if repo.resolve(name)?.is_some() {
        return bad("it is the name of a branch, tag or commit already");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_sort_as_text_and_come_back() {
        let (early, late) = (stamp(1_700_000_000, 5_000_000), stamp(1_700_000_000, 40_000_000));
        assert!(early < late, "{early} {late}");
        assert_eq!(time_of_stamp(&early), Some(Time { seconds: 1_700_000_000, offset_minutes: 0 }));
        assert_eq!(time_of_stamp("x"), None);
        assert_eq!(time_of_stamp("2023\u{e9}114T221320"), None);
    }
}
