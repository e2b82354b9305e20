//! What a request takes of the server's room. It is given back when nobody works for the request any more: whoever asks and
//! hangs up leaves work behind, which would else be more than there is room for.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

tokio::task_local! {
    /// That of the request whose task this is.
    static CURRENT: Arc<Held>;
}

/// A place among the requests, and room for a body.
pub(super) struct Held {
    pub(super) _place: Option<OwnedSemaphorePermit>,
    pub(super) _room: Option<OwnedSemaphorePermit>,
}

/// Works for a request that holds this.
pub(super) async fn within<T>(held: Held, work: impl Future<Output = T>) -> T {
    CURRENT.scope(Arc::new(held), work).await
}

/// The same work on another thread, which holds it too.
pub(in crate::api) fn held<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let held = CURRENT.try_with(Arc::clone).ok();
    move || {
        let done = work();
        drop(held);
        done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_hangs_up_leaves_the_place_to_the_work_until_it_is_done() {
        let places = Arc::new(Semaphore::new(1));
        let place = places.clone().try_acquire_owned().unwrap();
        let (started, has_started) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let work = async move {
            let work = held(move || {
                started.send(()).unwrap();
                may_go_on.recv().unwrap();
            });
            tokio::task::spawn_blocking(work).await.unwrap();
        };
        let request = tokio::spawn(within(Held { _place: Some(place), _room: None }, work));
        tokio::task::spawn_blocking(move || has_started.recv().unwrap()).await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        assert_eq!(places.available_permits(), 0);
        go_on.send(()).unwrap();
        // Waits until the place is given back.
        places.acquire().await.unwrap().forget();
    }
}
