//! A server on the loopback, for what asks or tells one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// An address where nobody listens.
pub fn closed() -> String {
    format!("http://{}/", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

/// A server that gives each request the next answer and hands on what it got. An answer is a status (`200 OK`), with a body
/// behind `|`; `hang`: none at all; `drop`: the connection is closed; `slow `: half a second later.
pub fn server(answers: &'static [&'static str]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let body = request(&mut stream);
            send.send(body).ok();
            match *answer {
                "hang" => held.push(stream),
                "drop" => drop(stream),
                answer => {
                    let at_once = answer.trim_start_matches("slow ");
                    if at_once != answer {
                        std::thread::sleep(Duration::from_millis(500));
                    }
                    let (status, body) = at_once.split_once('|').unwrap_or((at_once, "ok"));
                    let head = format!("content-length: {}\r\nconnection: close", body.len());
                    write!(stream, "HTTP/1.1 {status}\r\n{head}\r\n\r\n{body}").ok();
                }
            }
        }
        std::thread::sleep(Duration::from_secs(20));
    });
    (url, receive)
}

/// The head and the body of a request.
fn request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut text = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part).unwrap_or(0);
        text.extend_from_slice(&part[..read]);
        let seen = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = seen.split_once("\r\n\r\n") {
            let length = head.to_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return seen;
            }
        }
        assert!(read > 0, "the request ended early: {seen}");
    }
}
