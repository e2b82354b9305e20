//! Files made to fill the memory: an error within two seconds, in an address space too small for what they say.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{CDNOW, folder};

/// Text that Zstandard packs 32,000:1: a beginning, and then one byte so many times 128 KiB.
fn packed(begin: &str, filler: u8, times: u32) -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    let header = |bytes: u32, kind: u32, is_last: bool| {
        let [first, second, third, _] = (bytes << 3 | kind << 1 | u32::from(is_last)).to_le_bytes();
        [first, second, third]
    };
    // The magic number; a window of 2 MiB.
    let mut file = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    file.extend(header(begin.len() as u32, 0, false));
    file.extend(begin.as_bytes());
    for time in 1..=times {
        file.extend(header(BLOCK, 1, time == times));
        file.push(filler);
    }
    file
}

#[test]
fn files_made_to_fill_the_memory_are_refused_at_once() {
    let header = "customer_id,order_id,ts,amount\n";
    let million: String = (0..1_000_000).map(|i| format!("c{i},")).collect();
    let mut dictionary = fs::read(CDNOW).unwrap();
    // The first page is a dictionary: here it says of how many values.
    assert_eq!(dictionary[13..15], [0x4c, 0x15]);
    dictionary[15..18].copy_from_slice(&[0xfe, 0xff, 0x7f]);
    for (name, file, message) in [
        ("header.csv.zst", packed("customer_id", b',', 8_000), "the header is longer than 1 MiB"),
        ("quote.csv.zst", packed(&format!("{header}a,\""), b'x', 8_000), "row 1 is longer than 1 MiB"),
        ("blank.csv.zst", packed(header, b'\n', 8_000), "row 1 is longer than 1 MiB"),
        ("million.csv", million.into_bytes(), "the header is longer than 1 MiB"),
        ("dictionary.parquet", dictionary, "a page has not the values it says"),
    ] {
        let folder = folder();
        let path = folder.path().join(name);
        fs::write(&path, file).unwrap();
        let began = Instant::now();
        let script = "ulimit -v 131072; exec \"$0\" --threads 1 check --purchases \"$1\"";
        let output = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_mainstay")])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{name}: {said}");
        assert!(said.contains(message), "{name}: {said}");
        assert!(began.elapsed() < Duration::from_secs(2), "{name}: {:?}", began.elapsed());
    }
}
