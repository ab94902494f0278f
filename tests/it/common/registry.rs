//! A registry on the loopback: it has what lies in a directory as a file.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// A server that answers 200 for what is there, and 404 for what is not.
pub struct Registry {
    dir: PathBuf,
    port: u16,
}

impl Registry {
    /// Starts one for a directory; it ends with the test.
    pub fn start(dir: &Path) -> Registry {
        std::fs::create_dir_all(dir).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = dir.to_owned();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &served)));
        Registry { dir: dir.to_owned(), port }
    }

    /// Its address, without a `/` at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its directory.
    pub fn dir(&self) -> &str {
        self.dir.to_str().unwrap()
    }

    /// Puts something into it.
    pub fn put(&self, name: &str) {
        std::fs::write(self.dir.join(name), name).unwrap();
    }
}

fn answer(mut stream: TcpStream, dir: &Path) {
    let mut line = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    if reader.read_line(&mut line).is_err() {
        return;
    }
    let mut rest = String::new();
    while reader.read_line(&mut rest).is_ok_and(|n| n > 2) {
        rest.clear();
    }
    let name = line.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
    let there = !name.is_empty() && dir.join(&name).is_file();
    // Something that is neither a yes nor a no.
    let status = if dir.join("down").exists() {
        "503 Down"
    } else if there {
        "200 OK"
    } else {
        "404 Not Found"
    };
    drop(write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"));
}
