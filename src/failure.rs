//! What can go wrong at the edges, and the one table from it to exit codes and HTTP statuses.

use std::fmt;
use std::io;
use std::path::Path;

use mainstay_features::history::HistoryError;
use mainstay_features::ingest::IngestError;
use mainstay_models::TrainingError;
use mainstay_models::artifact::ArtifactError;
use mainstay_models::decision::CatalogueError;
use mainstay_models::turnover::TurnoverError;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command or its flags make no sense together.
    Usage,
    /// An input file or request is not what it should be.
    BadInput,
    /// The input is sound but cannot answer the question.
    TooLittleData,
    /// There is no model, or none that can be used.
    NoModel,
    /// The model answers another question than the history asks.
    OtherLabel,
    /// There is no scored list yet.
    NoScores,
    /// What is kept in the store cannot be read.
    BadStore,
    /// The request is not meant for this server.
    Misdirected,
    /// An output cannot be written.
    Output,
    /// The customer has lapsed: no purchase within the lookback.
    Lapsed,
    /// The customers are no longer those the model was trained on.
    Drifted,
    /// Nothing is kept of the customer.
    UnknownCustomer,
    /// The customer is not in the newest scored list.
    NotListed,
    /// There is no model of this name.
    UnknownModel,
    /// No such route.
    NotFound,
    /// The route does not take this method.
    MethodNotAllowed,
    /// The request is larger than allowed.
    TooLarge,
    /// The request has no key that opens anything.
    NoKey,
    /// The key is not for this.
    WrongScope,
    /// The key has asked too often.
    TooOften,
    /// The request took too long to arrive.
    TooSlow,
    /// The body is of a type, or packed in a way, that is not read.
    MediaType,
    /// The address is too long.
    LongAddress,
    /// The headers are too large.
    LargeHeaders,
    /// The idempotency key was used for another request.
    OtherRequest,
    /// Too much is under way: the same will be possible later.
    Busy,
    /// Our fault.
    Internal,
}

/// How a kind of failure is told to a script and to an HTTP client.
pub struct Told {
    /// The process's exit code.
    pub exit_code: u8,
    /// That of a run for a scheduler, which tells fewer apart: 0 done, 1 failed, 2 usage or configuration, 3 the data, 4 no model
    /// that may serve.
    pub run_exit_code: u8,
    /// The HTTP status.
    pub status: u16,
    /// The stable end of the problem's `type`.
    pub slug: &'static str,
    /// The problem's title.
    pub title: &'static str,
}

impl Kind {
    /// The table.
    pub const fn told(self) -> Told {
        let (exit_code, run_exit_code, status, slug, title) = match self {
            Self::Usage => (2, 2, 400, "usage", "The request makes no sense"),
            Self::BadInput => (3, 3, 422, "bad-input", "The input is not what it should be"),
            Self::TooLittleData => (4, 3, 422, "too-little-data", "The data cannot answer this"),
            Self::NoModel => (5, 4, 503, "no-model", "There is no usable model"),
            Self::OtherLabel => (5, 4, 422, "other-label", "The model is for another kind of leaving"),
            Self::NoScores => (5, 1, 404, "no-scores", "There is no scored list yet"),
            Self::BadStore => (5, 1, 500, "bad-store", "What is kept cannot be read"),
            Self::Misdirected => (2, 1, 421, "misdirected", "The request is not meant for this server"),
            Self::Output => (6, 1, 500, "output", "The output cannot be written"),
            Self::Lapsed => (4, 1, 422, "lapsed", "The customer has lapsed"),
            Self::Drifted => (7, 4, 422, "drifted", "The customers have changed"),
            Self::UnknownCustomer => (3, 1, 404, "unknown-customer", "Nothing is kept of the customer"),
            Self::NotListed => (3, 1, 404, "not-listed", "The customer is not in the newest scored list"),
            Self::UnknownModel => (5, 1, 404, "unknown-model", "There is no model of this name"),
            Self::NotFound => (2, 1, 404, "not-found", "There is no such route"),
            Self::MethodNotAllowed => {
                (2, 1, 405, "method-not-allowed", "The route does not take this method")
            }
            Self::TooLarge => (3, 3, 413, "too-large", "The request is too large"),
            Self::NoKey => (2, 1, 401, "no-key", "The request needs a key"),
            Self::WrongScope => (2, 1, 403, "wrong-scope", "The key is not for this"),
            Self::TooOften => (2, 1, 429, "too-often", "The key has asked too often"),
            Self::TooSlow => (2, 1, 408, "too-slow", "The request took too long to arrive"),
            Self::MediaType => (2, 1, 415, "media-type", "The body is not of a type that is read"),
            Self::LongAddress => (2, 1, 414, "long-address", "The address is too long"),
            Self::LargeHeaders => (2, 1, 431, "large-headers", "The headers are too large"),
            Self::OtherRequest => {
                (2, 1, 422, "other-request", "The idempotency key was used for another request")
            }
            Self::Busy => (6, 1, 503, "busy", "Too much is under way"),
            Self::Internal => (70, 1, 500, "internal", "Something failed on our side"),
        };
        Told { exit_code, run_exit_code, status, slug, title }
    }
}

/// A failure with its message: what is wrong, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind it is.
    pub kind: Kind,
    /// The message, without a full stop.
    pub message: String,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Whether it is the server's own fault: whoever asked can do nothing about it.
    pub const fn is_the_servers(&self) -> bool {
        self.kind.told().status >= 500 && !matches!(self.kind, Kind::Busy)
    }

    /// A file could not be written.
    pub fn output(path: &Path, cause: impl fmt::Display) -> Self {
        Self::new(Kind::Output, format!("{}: cannot be written: {cause}", path.display()))
    }

    /// A file could not be written; or what it is made of could not be read, which an error in the cause tells: then that is to
    /// blame.
    pub fn of_writing(path: &Path, cause: io::Error) -> Self {
        let of_history = |cause: io::Error| cause.downcast::<HistoryError>().map(Self::from);
        cause.downcast::<Self>().or_else(of_history).unwrap_or_else(|cause| Self::output(path, cause))
    }

    /// A file could not be read.
    pub fn unreadable(path: &Path, cause: impl fmt::Display) -> Self {
        Self::new(Kind::BadInput, format!("{}: cannot be read: {cause}", path.display()))
    }

    /// A model file cannot be used.
    pub fn model(path: &Path, error: &ArtifactError) -> Self {
        Self::new(Kind::NoModel, format!("{} {error}", path.display()))
    }

    /// An offer catalogue is refused.
    pub fn offers(path: &Path, error: &CatalogueError) -> Self {
        Self::new(Kind::BadInput, format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        let way_out = match error {
            IngestError::BadValue { .. } => " (mend it, or leave such rows out with --max-bad-rows)",
            IngestError::CannotSpill { .. } => {
                "; free some there, name another folder with TMPDIR, or allow more with --memory"
            }
            _ => "",
        };
        let kind = match &error {
            IngestError::CannotSpill { .. } => Kind::Output,
            IngestError::History(error) => of_history(error),
            _ => Kind::BadInput,
        };
        Self::new(kind, format!("{error}{way_out}"))
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        let kind = of_history(&error);
        match error {
            // What it is made of ends where the next piece should begin.
            HistoryError::Io(cause) if kind == Kind::BadStore => {
                Self::new(kind, format!("the history is cut off: {cause}; put it back from a copy"))
            }
            error @ HistoryError::In { .. } => Self::new(kind, format!("{error}; put it back from a copy")),
            error => Self::new(kind, error.to_string()),
        }
    }
}

fn of_history(error: &HistoryError) -> Kind {
    match error {
        HistoryError::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => Kind::BadStore,
        HistoryError::Io(_) => Kind::Output,
        HistoryError::Damaged(_) | HistoryError::Newer { .. } | HistoryError::In { .. } => Kind::BadStore,
        HistoryError::TooMany(_) => Kind::BadInput,
    }
}

impl From<TurnoverError> for Failure {
    fn from(error: TurnoverError) -> Self {
        let kind = match &error {
            TurnoverError::History(error) => of_history(error),
            TurnoverError::TooManyValues { .. } => Kind::Usage,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<TrainingError> for Failure {
    fn from(error: TrainingError) -> Self {
        let kind = match &error {
            TrainingError::History(error) => of_history(error),
            TrainingError::HistoryTooShort { .. }
            | TrainingError::NobodyToTrainOn
            | TrainingError::NoContractRuns
            | TrainingError::OneClass { .. }
            | TrainingError::NobodyToTest { .. } => Kind::TooLittleData,
            TrainingError::LogisticDidNotConverge(_) | TrainingError::Forest(_) => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_ours_is_a_5xx_and_one_of_theirs_is_not() {
        for kind in [Kind::Usage, Kind::BadInput, Kind::TooLittleData, Kind::Lapsed, Kind::NotFound] {
            assert!((400..500).contains(&kind.told().status), "{kind:?}");
        }
        for kind in [Kind::Internal, Kind::Output, Kind::NoModel] {
            assert!(kind.told().status >= 500, "{kind:?}");
        }
    }
}
