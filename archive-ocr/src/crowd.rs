//! How the work on a page is shared out over a reader's threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use archive_core::Error;
use rayon::prelude::*;

/// A reader's threads, and how many of them have a page of their own.
///
/// While all have one, each keeps to it: a thread that helped with another's page would be waited for
/// at its end, and the one that waits begins further pages in the meantime. Where some have none, all
/// work on the pages there are.
#[derive(Debug)]
pub(crate) struct Crowd {
    pool: rayon::ThreadPool,
    /// The pages that each thread has begun.
    begun: Vec<AtomicUsize>,
    /// Threads with a page, and pages that no thread has begun.
    engaged: AtomicUsize,
}

impl Crowd {
    pub(crate) fn new(pool: rayon::ThreadPool) -> Self {
        let begun = (0..pool.current_num_threads()).map(|_| AtomicUsize::new(0)).collect();
        Self { pool, begun, engaged: AtomicUsize::new(0) }
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.begun.len()
    }

    /// Does the work on a page on one of the threads.
    pub(crate) fn with_page<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let waiting = Counted::new(&self.engaged);
        self.pool.install(|| {
            let own = rayon::current_thread_index().and_then(|thread| self.begun.get(thread));
            let _begun = own.map(Counted::new);
            // A thread that waits for help with one page may begin another. It alone changes its count.
            let is_first = own.is_none_or(|own| own.load(Ordering::Relaxed) == 1);
            let _engaged = is_first.then_some(waiting);
            work()
        })
    }

    /// Does `work` on all items, and gives what comes of it in their order.
    ///
    /// # Errors
    /// One of those that `work` failed with.
    pub(crate) fn each<I: Send, T: Send>(
        &self,
        items: impl IntoIterator<Item = I>,
        work: impl Fn(I) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let mut items = items.into_iter();
        let mut done = Vec::with_capacity(items.size_hint().0);
        while self.engaged.load(Ordering::Relaxed) >= self.threads()
            && let Some(item) = items.next()
        {
            done.push(work(item)?);
        }
        let rest: Vec<I> = items.collect();
        let rest = rest.into_par_iter().with_max_len(1).map(&work).collect::<Result<Vec<T>, Error>>()?;
        done.extend(rest);
        Ok(done)
    }
}

/// Counts one more until it goes.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    fn crowd(threads: usize) -> Crowd {
        Crowd::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap())
    }

    /// Whether one thread did both of two items.
    fn alone(crowd: &Crowd, is_expected: bool) -> bool {
        let met = AtomicUsize::new(0);
        let work = |item: usize| {
            met.fetch_add(1, Ordering::SeqCst);
            // Where two threads are expected, each waits for the other.
            while !is_expected && met.load(Ordering::SeqCst) < 2 {
                thread::yield_now();
            }
            Ok((item, thread::current().id()))
        };
        let (items, ids): (Vec<_>, Vec<_>) = crowd.each(0..2, work).unwrap().into_iter().unzip();
        assert_eq!(items, [0, 1]);
        ids[0] == ids[1]
    }

    #[test]
    fn a_lone_page_has_all_threads() {
        let crowd = crowd(2);
        assert!(!crowd.with_page(|| alone(&crowd, false)));
        assert_eq!(crowd.engaged.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_thread_keeps_to_its_page_while_the_other_has_one() {
        let crowd = crowd(2);
        let (begun, done) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                crowd.with_page(|| {
                    begun.wait();
                    done.wait();
                });
            });
            begun.wait();
            assert!(crowd.with_page(|| alone(&crowd, true)));
            done.wait();
        });
        assert_eq!(crowd.engaged.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn two_pages_on_one_thread_leave_the_other_free() {
        let crowd = crowd(2);
        // As where a thread waits for help with the outer page.
        assert!(!crowd.with_page(|| crowd.with_page(|| alone(&crowd, false))));
        assert!(crowd.begun.iter().all(|pages| pages.load(Ordering::Relaxed) == 0));
    }

    #[test]
    fn a_failure_ends_the_work() {
        let crowd = crowd(1);
        let work = |item: i32| if item == 1 { Err(Error::invalid("item", "is one")) } else { Ok(item) };
        assert_eq!(crowd.each(0..3, work).unwrap_err().object(), "item");
        assert_eq!(crowd.with_page(|| crowd.each(0..3, work)).unwrap_err().object(), "item");
    }
}
