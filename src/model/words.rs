//! Which known word a mistyped one is most like.

/// The candidate that `word` most likely stands for, if it is close to any.
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let letters = word.chars().count();
    let allowed = match letters {
        0..=2 => 0,
        3..=5 => 1,
        // A long word is a revision or a path, and the distance costs its length squared.
        6..=20 => 2,
        _ => return None,
    };
    let near = |candidate: &&'a str| (distance(word, candidate), *candidate);
    candidates.iter().map(near).filter(|(away, _)| *away <= allowed).min().map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn mistyped_commands_are_found_and_points_are_not() {
        let commands = ["status", "to", "undo", "checkpoint", "log"];
        assert_eq!(nearest("statsu", &commands), Some("status"));
        assert_eq!(nearest("udno", &commands), Some("undo"));
        assert_eq!(nearest("chekpont", &commands), Some("checkpoint"));
        assert_eq!(nearest("v1.2.0", &commands), None);
        assert_eq!(nearest("", &commands), None);
        assert_eq!(nearest("main", &commands), None);
        assert_eq!(nearest(&"x".repeat(100_000), &commands), None);
    }
}
