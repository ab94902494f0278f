//! A `rollback.toml` in the making.

use super::Args;
use super::look::Found;

/// The text of the file.
pub(super) fn of(found: &Found, args: &Args) -> String {
    let tests = args.tests.clone().or_else(|| found.tests.clone());
    let install = args.install.clone().or_else(|| found.install.clone());
    let mut out = format!(
        "# Settings of git rollback, made for: {}.\n\
         # Commands run only after `git rollback trust`. All keys: docs/settings.md of git rollback.\n",
        found.words()
    );
    out.push_str("\n[baseline]\n");
    if let Some(name) = &args.baseline {
        line(&mut out, "name", name);
    }
    proposed(&mut out, "tests", tests.as_deref(), "make test", "what a baseline must pass");
    let mut protect = args.protect.clone();
    protect.extend(found.default_branch.clone().filter(|name| !["main", "master"].contains(&name.as_str())));
    protect.dedup();
    if !protect.is_empty() {
        let names: Vec<String> = protect.iter().map(|name| quoted(name)).collect();
        out.push_str(&format!("\n[protect]\nbranches = [{}]\n", names.join(", ")));
    }
    out.push_str("\n[commands]  # around `git rollback to baseline --clean all`\n");
    let services = found.services.as_ref();
    let stop = services.map_or("systemctl --user stop app", |(stop, _)| stop);
    let start = services.map_or("systemctl --user start app", |(_, start)| start);
    proposed(&mut out, "stop", args.stop.as_deref(), stop, "what runs from this directory");
    proposed(&mut out, "install", install.as_deref(), "npm ci", "what the code needs");
    proposed(&mut out, "start", args.start.as_deref(), start, "");
    match args.verify.as_deref() {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            out.push_str(&format!("verify = {{ http = {}, within = \"30s\" }}\n", quoted(url)));
        }
        Some(command) => line(&mut out, "verify", command),
        None => out.push_str("# verify = { http = \"http://localhost:8080/health\", within = \"30s\" }\n"),
    }
    if let Some((from, to, run)) = &found.validate {
        let rule = format!("{{ from = {}, to = {} }}", quoted(from), quoted(to));
        out.push_str(&format!("\n[validate]  # which tests belong to which files\nmap = [{rule}]\n"));
        line(&mut out, "run", run);
    } else {
        out.push_str("\n# [validate]  # which tests belong to which files\n# map = [{ from = \"src/{path}.py\", to = \"tests/{path}_test.py\" }]\n# run = \"pytest {files}\"\n");
    }
    out.push_str("\n[contacts]  # shown in reports and notifications\n# lead = \"Ada <ada@example.org>\"\n");
    out
}

/// A key with its value, or as a comment where none is known.
fn proposed(out: &mut String, key: &str, value: Option<&str>, example: &str, what: &str) {
    let what = if what.is_empty() { String::new() } else { format!("  # {what}") };
    match value {
        Some(value) => out.push_str(&format!("{key} = {}{what}\n", quoted(value))),
        None => out.push_str(&format!("# {key} = {}{what}\n", quoted(example))),
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    out.push_str(&format!("{key} = {}\n", quoted(value)));
}

/// A string as TOML spells it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::Action;

    #[test]
    fn whatever_is_given_comes_back() {
        let odd = "sh -c \"echo 'a\\b'\" \u{1}#x";
        let args = Args { tests: Some(odd.to_owned()), verify: Some("https://x/\"".to_owned()), ..Args::default() };
        let text = of(&Found::default(), &args);
        let config = Config::of_text(text.as_bytes()).unwrap();
        assert_eq!(config.commands.tests()[0].action, Action::Shell(odd.to_owned()));
        assert!(matches!(&config.commands.verify[0].action, Action::Http(check) if check.url == "https://x/\""));
    }

    /// What stands there as a comment must be right as well.
    #[test]
    fn comments_are_settings_too() {
        let text = of(&Found::default(), &Args::default());
        let all: Vec<&str> = text.lines().skip(2).map(|line| line.trim_start_matches("# ")).collect();
        let config = Config::of_text(all.join("\n").as_bytes()).unwrap();
        assert!(!config.commands.stop.is_empty() && !config.validate.map.is_empty() && !config.contacts.is_empty());
    }
}
