//! That nothing that happens to a night's run leaves half of an output: kills, errors of the system, a full disk.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::evening::Evening;
use crate::nightly::said;
use crate::support::{command, done};

/// So many kills there are of each command; more with this variable.
const KILLS: usize = 15;
const KILLS_VARIABLE: &str = "MAINSTAY_KILLS";

/// Kills a command at many moments. What each leaves must be, file by file, what was there before or what it writes;
/// and what a run afterwards writes must be the latter.
fn kill_at_random(arguments: impl Fn(&Evening) -> String) {
    let reference = Evening::new();
    let before = reference.outputs();
    let began = Instant::now();
    done(&arguments(&reference));
    let (after, mut takes) = (reference.outputs(), began.elapsed());
    let kills = std::env::var(KILLS_VARIABLE).ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let mut killed = 0;
    let evening = Evening::new();
    for number in 0..kills {
        // Moments are spread over the run, and differ from one to the next in what they are among.
        let moment = takes.mul_f64((number as f64 * 0.618_033_988_75).fract());
        let mut child =
            command(&arguments(&evening)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(moment);
        child.kill().unwrap();
        match child.wait().unwrap().success() {
            // The machine was slower when it was timed.
            true => takes = takes.mul_f64(0.8),
            false => killed += 1,
        }
        for (name, bytes) in evening.outputs() {
            assert!(bytes == before[name] || bytes == after[name], "{name} after a kill at {moment:?}");
        }
    }
    assert!(killed > kills / 2, "only {killed} of {kills} were killed before their end");
    done(&arguments(&evening));
    let outputs = evening.outputs();
    for (name, bytes) in &after {
        assert!(outputs[name] == *bytes, "{name} after the run that was let end");
    }
    let left = fs::read_dir(evening.folder.path()).unwrap().chain(fs::read_dir(evening.at("store")).unwrap());
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
    assert!(left.iter().all(|name| name != "scores.aside"), "{left:?}");
}

#[test]
fn a_night_killed_at_any_moment_leaves_the_old_or_the_new() {
    kill_at_random(|evening| evening.arguments(""));
}

#[test]
fn scoring_killed_at_any_moment_leaves_the_old_or_the_new() {
    kill_at_random(Evening::score);
}

#[test]
fn a_full_disk_is_said_and_leaves_what_was_there() {
    let evening = Evening::new();
    let before = evening.outputs();
    for blocks in [1, 8, 16] {
        for arguments in [evening.arguments(""), evening.score()] {
            // A write beyond the limit fails as on a full disk, once the signal that comes with it is ignored.
            let limited = format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec {} {arguments}",
                env!("CARGO_BIN_EXE_mainstay")
            );
            let (code, text) = said(&Command::new("sh").args(["-c", &limited]).output().unwrap());
            assert!(code == 1 || code == 6, "{code} {text}");
            assert!(text.contains("cannot be written") || text.contains("cannot be read"), "{text}");
            for (name, bytes) in evening.outputs() {
                // What was read was kept before the list failed to be written.
                assert!(name.contains("manifest") || bytes == before[name], "{name} {text}");
            }
        }
    }
    evening.done("");
}

#[test]
fn a_kill_or_an_error_at_any_write_sync_or_rename_leaves_the_old_or_the_new() {
    let can = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        println!("no strace here: nothing is tested");
        return;
    }
    let reference = Evening::new();
    let before = reference.outputs();
    reference.done("");
    let after = reference.outputs();
    let step = if std::env::var(KILLS_VARIABLE).is_ok() { 1 } else { 4 };
    for fault in ["signal=KILL", "error=EIO"] {
        for calls in ["fsync,fdatasync", "rename,renameat,renameat2"] {
            for number in (1..=60).step_by(step) {
                let evening = Evening::new();
                let inject = format!("inject={calls}:{fault}:when={number}");
                let output = Command::new("strace")
                    .args(["-f", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject])
                    .arg(env!("CARGO_BIN_EXE_mainstay"))
                    .args(evening.arguments("").split_whitespace())
                    .output()
                    .unwrap();
                for (name, bytes) in evening.outputs() {
                    assert!(bytes == before[name] || bytes == after[name], "{name}: {inject}");
                }
                if output.status.success() && evening.outputs() == after && number > 10 {
                    break;
                }
                evening.done("");
                assert!(evening.outputs() == after, "{inject}");
            }
        }
    }
}
