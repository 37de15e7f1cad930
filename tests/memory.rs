//! A steady run takes nothing from the system: no allocation above 4 KiB and no page fault. Counts are free of noise.
#![allow(clippy::unwrap_used, unsafe_code)]

mod listing;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use flowstone as tf;
use tf::feed_dict;

/// The system's allocator, which counts what is large.
struct Counting;

const LARGE: usize = 4 << 10;
static LARGE_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

fn count(size: usize) {
    if size > LARGE {
        LARGE_ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Page faults of this process that needed no disk.
fn minor_faults() -> usize {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    after_name.split_whitespace().nth(7).unwrap().parse().unwrap()
}

/// The fewest large allocations and page faults of several groups of runs, after some to warm up.
fn fewest(mut run: impl FnMut()) -> (usize, usize) {
    for _ in 0..5 {
        run();
    }
    let groups = (0..4).map(|_| {
        let before = (LARGE_ALLOCATIONS.load(Ordering::Relaxed), minor_faults());
        for _ in 0..5 {
            run();
        }
        (LARGE_ALLOCATIONS.load(Ordering::Relaxed) - before.0, minor_faults() - before.1)
    });
    groups.fold((usize::MAX, usize::MAX), |(a, b), (c, d)| (a.min(c), b.min(d)))
}

/// A listing and the shape of a batch of images for it.
type Case = (fn() -> listing::Listing, &'static [usize]);

/// One test, so that no other thread allocates meanwhile.
#[test]
#[cfg(target_os = "linux")]
fn a_steady_step_takes_nothing_from_the_system() {
    let nets: [Case; 3] =
        [(listing::mnist, &[50, 784]), (listing::mnist_layers, &[50, 784]), (listing::cifar10, &[50, 32, 32, 3])];
    for (build, shape) in nets {
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        graph.set_random_seed(1);
        let net = build();
        let sess = tf::Session!(threads = 2).unwrap();
        sess.run(net.init, feed_dict! {}).unwrap();
        let n: usize = shape.iter().product();
        let images = tf::Value::new(shape, (0..n).map(|i| (i * 37 % 101) as f32 / 101.0).collect::<Vec<_>>()).unwrap();
        let labels = (0..500).map(|i| f32::from(u8::from(i / 10 % 10 == i % 10))).collect::<Vec<f32>>();
        let labels = tf::Value::new([50, 10], labels).unwrap();
        let step = || {
            sess.run((net.cost, net.train), feed_dict! { net.X: &images, net.Y: &labels }).unwrap();
        };
        assert_eq!(fewest(step), (0, 0), "large allocations and page faults");
        // What is held is what was planned.
        let plan = sess.explain((net.cost, net.train), feed_dict! { net.X: &images, net.Y: &labels }).unwrap();
        assert!(sess.held_bytes() <= plan.planned_bytes() + (64 << 10), "{} held", sess.held_bytes());
        assert!(plan.planned_bytes() < 64 << 20, "{}", plan.planned_bytes());
    }
}
