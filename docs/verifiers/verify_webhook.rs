//! Verifies a webhook by the secret (v1). Rust's standard library has no cryptography, so this takes three crates:
//! `cargo add base64@0.23 hmac@0.13 sha2@0.11`

use base64::{engine::general_purpose::STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io::Read;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

const TOLERANCE_SECONDS: u64 = 300;

/// `body`: the bytes as they came. `secrets`: "whsec_…", several while one is being replaced.
pub fn is_genuine(body: &[u8], id: &str, timestamp: &str, signature: &str, secrets: &[String]) -> bool {
    let digits = (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let (Ok(seconds), Ok(now)) = (timestamp.parse::<u64>(), SystemTime::now().duration_since(UNIX_EPOCH)) else {
        return false;
    };
    if !digits || now.as_secs().abs_diff(seconds) > TOLERANCE_SECONDS {
        return false;
    }
    signature
        .split(' ')
        .filter_map(|each| each.strip_prefix("v1,"))
        .filter_map(|encoded| STANDARD.decode(encoded).ok())
        .any(|given| secrets.iter().any(|secret| matches(secret, &given, id, timestamp, body)))
}

fn matches(secret: &str, given: &[u8], id: &str, timestamp: &str, body: &[u8]) -> bool {
    let Ok(key) = STANDARD.decode(secret.trim_start_matches("whsec_")) else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac.verify_slice(given).is_ok() // in constant time
}

// cargo run -- ID TIMESTAMP SIGNATURE SECRET… <body
fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let mut body = Vec::new();
    let read = std::io::stdin().read_to_end(&mut body).is_ok();
    if read && given.len() > 3 && is_genuine(&body, &given[0], &given[1], &given[2], &given[3..]) {
        println!("genuine");
        return ExitCode::SUCCESS;
    }
    println!("not genuine");
    ExitCode::FAILURE
}
