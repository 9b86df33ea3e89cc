//! R1: some threads change a value while others fork. A child of `fork` finds the value whole, or does not have it. A child
//! of a raw `clone` finds it whole, or lost. No child waits for a thread that it does not have.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use loom_tests::check;
use loom_tests::lockfree::Holder;

/// A registry of two words, which are the same unless a thread is just changing them.
#[derive(Clone, Default)]
struct Registry(Arc<[UnsafeCell<u32>; 2]>);

impl Registry {
    /// Changes one word, and the other after `meanwhile`.
    fn change(&self, meanwhile: impl FnOnce()) {
        // SAFETY: loom checks that nobody else accesses the cell.
        self.0[0].with_mut(|word| unsafe { *word += 1 });
        meanwhile();
        // SAFETY: as above.
        self.0[1].with_mut(|word| unsafe { *word += 1 });
    }

    fn words(&self) -> [u32; 2] {
        // SAFETY: as above.
        [0, 1].map(|index| self.0[index].with(|word| unsafe { *word }))
    }

    /// As a fork copies it.
    fn copy(&self) -> Self {
        Self(Arc::new(self.words().map(UnsafeCell::new)))
    }
}

fn assert_whole(registry: &Registry) {
    let [one, other] = registry.words();
    assert_eq!(one, other, "half changed");
}

/// As `fork` runs in a thread: the child, which finds its parent's rules, and then has them.
fn fork(holder: &Holder<Registry>, parents: &Registry) -> bool {
    let is_held = holder.hold(|| false);
    let child = holder.copy(Some(parents.copy()));
    child.lose_what_is_half_changed();
    if is_held {
        holder.let_go();
        child.let_go_of_all();
        assert!(child.with(|registry| assert_whole(registry)).is_some(), "lost, though held");
        assert!(child.hold(|| true));
    }
    is_held
}

/// As a raw `clone` leaves its child: no handler has run, and the child waits for no thread.
fn clone_now(holder: &Holder<Registry>, parents: &Registry) {
    let child = holder.copy(Some(parents.copy()));
    child.lose_what_is_half_changed();
    let found = child.with(|registry| assert_whole(registry));
    // A child of the child.
    let grandchild = child.copy(Some(parents.copy()));
    grandchild.lose_what_is_half_changed();
    let is_held = grandchild.hold(|| true);
    assert_eq!(is_held, found.is_some());
    if is_held {
        grandchild.let_go();
    }
    assert_eq!(grandchild.with(|registry| assert_whole(registry)), found);
}

#[test]
fn two_threads_change_it_one_after_the_other() {
    check(3, || {
        let registry = Registry::default();
        let holder = Arc::new(Holder::of(registry.clone()));
        let other = holder.clone();
        let thread = thread::spawn(move || other.with(|registry| registry.change(|| {})).unwrap());
        holder.with(|registry| registry.change(|| {})).unwrap();
        thread.join().unwrap();
        assert_eq!(registry.words(), [2, 2]);
    });
}

/// The change of one thread, in the middle of which the process is cloned; another thread forks meanwhile.
#[test]
fn a_fork_finds_it_whole_and_a_clone_whole_or_lost() {
    check(3, || {
        let registry = Registry::default();
        let holder = Arc::new(Holder::of(registry.clone()));
        let (forked, parents) = (holder.clone(), registry.clone());
        let forking = thread::spawn(move || assert!(fork(&forked, &parents)));
        let changed = holder.with(|registry| registry.change(|| clone_now(&holder, registry)));
        assert!(changed.is_some());
        forking.join().unwrap();
        clone_now(&holder, &registry);
        assert_eq!(registry.words(), [1, 1]);
    });
}

/// Neither waits for the other; the change waits for both.
#[test]
fn two_threads_fork_while_a_third_changes_it() {
    check(1, || {
        let registry = Registry::default();
        let holder = Arc::new(Holder::of(registry.clone()));
        let forking = [(); 2].map(|()| {
            let (forked, parents) = (holder.clone(), registry.clone());
            thread::spawn(move || {
                assert!(forked.hold(|| false));
                assert_whole(&parents);
                forked.let_go();
            })
        });
        holder.with(|registry| registry.change(|| {})).unwrap();
        forking.into_iter().for_each(|thread| thread.join().unwrap());
        // No thread holds it any more.
        assert!(holder.hold(|| true));
    });
}

/// It goes on, and what it then forks has no registry.
#[test]
fn a_thread_that_does_not_wait_for_a_change_forks_nevertheless() {
    check(3, || {
        let registry = Registry::default();
        let holder = Arc::new(Holder::of(registry.clone()));
        let changing = holder.clone();
        let thread = thread::spawn(move || changing.with(|registry| registry.change(|| {})));
        if holder.hold(|| true) {
            assert_whole(&registry);
            holder.let_go();
        }
        assert!(thread.join().unwrap().is_some());
        assert!(holder.with(|registry| assert_whole(registry)).is_some());
    });
}
