//! The contract: what is acknowledged is there when the database is opened again, by whomever; what is not is not.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::params;

use super::*;
use crate::failure::{Failure, Kind};

const KEY: &str = "INSERT INTO keys VALUES (?1, 'crm', zeroblob(32), 'score', 0, NULL, NULL)";

fn add(state: &State, id: &str) -> Result<(), StateError> {
    state.write(|writing| writing.run(|transaction| transaction.execute(KEY, params![id]).map(|_| ())))
}

fn count(state: &State) -> u32 {
    state.read(|t| t.query_row("SELECT count(*) FROM keys", [], |row| row.get(0))).unwrap()
}

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.sqlite");
    (folder, path)
}

#[test]
fn what_is_acknowledged_survives_reopening_and_is_synced() {
    let (_folder, path) = fresh();
    let state = State::open(&path).unwrap();
    add(&state, "a").unwrap();
    assert_eq!(count(&state), 1, "a read sees what was written before it");
    drop(state);
    let state = State::open(&path).unwrap();
    assert_eq!(count(&state), 1);
    let writer = lock(&state.writer);
    let pragma = |name: &str| writer.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((pragma("synchronous"), pragma("foreign_keys")), (2, 1), "FULL");
    let mode: String = writer.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "nobody else reads it");
}

#[test]
fn what_fails_leaves_nothing() {
    let (_folder, path) = fresh();
    let state = State::open(&path).unwrap();
    let failed: Result<(), Failure> = state.write(|writing| {
        writing.run(|transaction| transaction.execute(KEY, ["a"]))?;
        Err(Failure::new(Kind::BadInput, "no"))
    });
    assert_eq!(failed.unwrap_err().message, "no");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        state.write::<(), StateError>(|writing| {
            writing.run(|transaction| transaction.execute(KEY, ["b"]))?;
            panic!("midway")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(count(&state), 0);
    add(&state, "c").unwrap();
    assert_eq!(count(&state), 1, "and it goes on");
}

#[test]
fn an_older_database_is_brought_up_to_date_and_a_newer_is_refused_with_its_number() {
    let (_folder, path) = fresh();
    let mut connection = Connection::open(&path).unwrap();
    let steps = ["CREATE TABLE a (x INTEGER) STRICT", "ALTER TABLE a ADD COLUMN y INTEGER"];
    migrations::run(&mut connection, &steps[..1], &path).unwrap();
    connection.execute("INSERT INTO a VALUES (1)", []).unwrap();
    migrations::run(&mut connection, &steps, &path).unwrap();
    migrations::run(&mut connection, &steps, &path).unwrap();
    connection.execute("UPDATE a SET y = 2 WHERE x = 1", []).unwrap();
    let broken = [steps[0], steps[1], "CREATE TABLE b (x INTEGER) STRICT", "nonsense"];
    migrations::run(&mut connection, &broken, &path).unwrap_err();
    assert!(connection.execute("INSERT INTO b VALUES (1)", []).is_err(), "all steps or none");

    connection.pragma_update(None, "user_version", 4711).unwrap();
    drop(connection);
    let error = State::open(&path).err().unwrap();
    assert!(matches!(error, StateError::Newer { found: 4711, .. }), "{error}");
    let failure = Failure::from(error);
    assert_eq!(failure.kind, Kind::BadStore);
    assert!(failure.message.contains("4711"), "{failure}");
}

#[test]
fn what_is_no_database_is_refused() {
    let (_folder, path) = fresh();
    fs::write(&path, "customer_id,order_id\n".repeat(100)).unwrap();
    assert_eq!(Failure::from(State::open(&path).err().unwrap()).kind, Kind::BadStore);
    let nowhere = path.with_file_name("nowhere").join("state.sqlite");
    assert_eq!(Failure::from(State::open(&nowhere).err().unwrap()).kind, Kind::Output);
}

#[test]
fn a_version_tells_that_another_has_written() {
    let (_folder, path) = fresh();
    let (one, other) = (State::open(&path).unwrap(), State::open(&path).unwrap());
    let before = one.version().unwrap();
    assert_eq!(one.version().unwrap(), before);
    add(&other, "a").unwrap();
    let between = one.version().unwrap();
    assert_ne!(between, before);
    add(&one, "b").unwrap();
    assert_ne!(one.version().unwrap(), between, "its own writes too");
}

#[test]
fn many_threads_write_one_after_the_other() {
    let (_folder, path) = fresh();
    let (states, number) = ([State::open(&path).unwrap(), State::open(&path).unwrap()], AtomicU32::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (state, number) = (&states[thread % 2], &number);
            scope.spawn(move || {
                for _ in 0..20 {
                    add(state, &number.fetch_add(1, Ordering::Relaxed).to_string()).unwrap();
                }
            });
        }
    });
    assert_eq!(count(&states[0]), 160);
}

#[test]
fn a_new_database_can_be_opened_by_many_at_once() {
    for _ in 0..20 {
        let (_folder, path) = fresh();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| State::open(&path).map(drop).unwrap());
            }
        });
    }
}

/// Where the process below writes, if this is it.
const PATH: &str = "MAINSTAY_TEST_STATE";

/// Not a test by itself: writes and acknowledges until it is killed.
#[test]
fn writes_until_killed() {
    let Ok(path) = std::env::var(PATH) else { return };
    let state = State::open(Path::new(&path)).unwrap();
    for number in 0.. {
        let id = format!("{}-{number}", std::process::id());
        add(&state, &id).unwrap();
        println!("acknowledged {id}");
    }
}

#[test]
fn nothing_is_acknowledged_once_the_file_is_gone_or_another() {
    let (_folder, path) = fresh();
    let state = State::open(&path).unwrap();
    add(&state, "before").unwrap();
    let away = path.with_extension("away");
    std::fs::rename(&path, &away).unwrap();
    let refused = add(&state, "gone").unwrap_err();
    assert!(refused.to_string().contains("removed or replaced"), "{refused}");
    let other = State::open(&path).unwrap();
    assert_eq!(add(&state, "another"), Err(StateError::Replaced { path: path.clone() }));
    add(&other, "by the other").unwrap();
    std::fs::rename(&away, &path).unwrap();
    add(&state, "back").unwrap();
}

#[test]
fn two_processes_write_at_once_and_what_each_acknowledged_survives_its_kill() {
    let (_folder, path) = fresh();
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["state::tests::writes_until_killed", "--exact", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut writers = [start(), start()];
    std::thread::sleep(Duration::from_millis(700));
    let mut acknowledged = Vec::new();
    for writer in &mut writers {
        writer.kill().unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(writer.stdout.as_mut().unwrap(), &mut said).unwrap();
        writer.wait().unwrap();
        // A last line may be cut; its number is then not whole.
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        acknowledged
            .extend(whole.lines().filter_map(|line| line.split("acknowledged ").nth(1)).map(str::to_owned));
    }
    assert!(acknowledged.len() > 10, "{acknowledged:?}");
    let state = State::open(&path).unwrap();
    for id in &acknowledged {
        let found = state.read(|t| {
            t.query_row("SELECT count(*) FROM keys WHERE id = ?1", [id], |row| row.get::<_, u32>(0))
        });
        assert_eq!(found.unwrap(), 1, "{id}");
    }
    let kept = count(&state) as usize;
    assert!(kept <= acknowledged.len() + writers.len(), "at most one each was under way: {kept}");
}
