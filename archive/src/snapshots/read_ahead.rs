//! Reading ahead: the next batches are decoded on a thread of their own while the last are compared.

use std::sync::mpsc::sync_channel;

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::Batches;
use arrow_array::RecordBatch;

/// Batches that wait to be compared. A few even out what takes turns; more would only take memory.
const WAITING: usize = 4;

/// The same batches, made on another thread. Dropping them ends the thread at its next batch.
pub(super) fn read_ahead(batches: Batches<'static>) -> Batches<'static> {
    ahead(move |send| {
        for batch in batches {
            if !send(batch) {
                return;
            }
        }
    })
}

/// What `produce` sends from another thread; sending gives `false` where nobody listens any more.
pub(super) fn ahead(
    produce: impl FnOnce(&mut dyn FnMut(Result<RecordBatch, Error>) -> bool) + Send + 'static,
) -> Batches<'static> {
    let (sender, receiver) = sync_channel(WAITING);
    let run = move || produce(&mut |batch| sender.send(batch).is_ok());
    let thread = std::thread::Builder::new().name("read-ahead".to_owned()).spawn(run);
    let mut thread = match thread {
        Ok(thread) => Some(thread),
        Err(error) => {
            let message = "has no thread to be read on: free some, or raise the limit of processes";
            let error = Error::new(ErrorKind::Unavailable, "a table", message).with_source(error);
            return Box::new(std::iter::once(Err(error)));
        }
    };
    Box::new(std::iter::from_fn(move || match receiver.recv() {
        Ok(batch) => Some(batch),
        // The thread is done; one that panicked must not pass for the end of the table.
        Err(_) => match thread.take()?.join() {
            Ok(()) => None,
            Err(_) => Some(Err(Error::new(
                ErrorKind::Internal,
                "a table",
                "could not be read: its reader panicked",
            ))),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::Schema;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn batch() -> Result<RecordBatch, Error> {
        Ok(RecordBatch::new_empty(Arc::new(Schema::empty())))
    }

    #[test]
    fn batches_and_errors_come_in_order() {
        let all = vec![batch(), batch(), Err(Error::invalid("x", "is damaged"))];
        let found: Vec<bool> = read_ahead(Box::new(all.into_iter())).map(|b| b.is_ok()).collect();
        assert_eq!(found, [true, true, false]);
    }

    #[test]
    fn a_panic_is_an_error_and_not_the_end() {
        let broken = (0..3).map(|i| if i < 2 { batch() } else { panic!("a page of nonsense") });
        let found: Vec<_> = read_ahead(Box::new(broken)).collect();
        assert_eq!(found.len(), 3);
        assert!(found[2].as_ref().unwrap_err().to_string().contains("panicked"));
    }

    #[test]
    fn nobody_reads_on_when_nobody_listens() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = made.clone();
        let endless = std::iter::repeat_with(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            batch()
        });
        let mut batches = read_ahead(Box::new(endless));
        assert!(batches.next().is_some());
        drop(batches);
        let waits = std::iter::repeat_with(|| Arc::strong_count(&made)).take(10_000);
        // The thread drops its counter when it ends.
        assert!(
            waits
                .inspect(|_| std::thread::sleep(std::time::Duration::from_millis(1)))
                .any(|count| count == 1)
        );
    }
}
