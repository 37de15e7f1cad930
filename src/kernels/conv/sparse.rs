//! The gradients behind max-pooling: of each window only the winner has one, so each output channel is a short list of
//! places in the image and numbers.

#![allow(unsafe_code)]

use super::Conv2d;
use super::frame::Frame;
use crate::kernels::cpu::Level;
use crate::kernels::pool::Pool2d;
use crate::kernels::scratch;
use crate::kernels::vector::{Singles, Work, kept, lanes, run};

/// Where winners are in a framed image, and how the patches there look: some runs of equal length.
pub(super) struct Places<'a> {
    level: Level,
    s: &'a Conv2d,
    pool: &'a Pool2d,
    frame: Frame,
    /// Where the runs of a patch start.
    runs: Vec<usize>,
    /// The numbers of a run, and those filled up to whole vectors.
    run_len: usize,
    pitch: usize,
    /// From the corner of a window to each of its elements. [`NOWHERE`] for what is none.
    offsets: [i64; 256],
    /// The last place where a patch may start.
    last: i64,
    tiles: Vec<Tile>,
    /// Those with which both gradients fit into registers.
    tiles_of_both: Vec<Tile>,
}

/// Far before every image.
const NOWHERE: i64 = i64::MIN / 2;
/// Numbers of a patch times those of a window.
const LONG_ENOUGH: usize = 64;
/// The most numbers of a vector.
const MOST_LANES: usize = 16;

impl<'a> Places<'a> {
    pub(super) fn new(level: Level, s: &'a Conv2d, pool: &'a Pool2d) -> Self {
        let frame = s.frame(&(0..s.out_h));
        let row = s.dilation_h * frame.width * s.in_c;
        let (runs, run_len): (Vec<usize>, usize) = if s.dilation_w == 1 {
            ((0..s.k_h).map(|a| a * row).collect(), s.k_w * s.in_c)
        } else {
            let taps = (0..s.k_h).flat_map(|a| (0..s.k_w).map(move |b| (a, b)));
            (taps.map(|(a, b)| a * row + b * s.dilation_w * s.in_c).collect(), s.in_c)
        };
        let mut offsets = [NOWHERE; 256];
        for (place, offset) in offsets.iter_mut().enumerate().take(pool.k_h * pool.k_w) {
            *offset = Self::offset(s, &frame, (place / pool.k_w) as i64, (place % pool.k_w) as i64);
        }
        let last = Self::offset(s, &frame, s.out_h as i64 - 1, s.out_w as i64 - 1);
        let pitch = run_len.next_multiple_of(lanes(level));
        let [tiles, tiles_of_both] = [1, 2].map(|registers| tiles(level, runs.len(), pitch, registers));
        Places { level, s, pool, frame, runs, run_len, pitch, offsets, last, tiles, tiles_of_both }
    }

    /// Where the patch of an output pixel starts.
    fn offset(s: &Conv2d, frame: &Frame, i: i64, j: i64) -> i64 {
        (i * (s.stride_h * frame.width) as i64 + j * s.stride_w as i64) * s.in_c as i64
    }

    /// The numbers of the filter's gradient, channel by channel.
    pub(super) fn gradient_len(&self) -> usize {
        self.s.out_c * self.channel_len()
    }

    fn channel_len(&self) -> usize {
        self.runs.len() * self.pitch
    }

    /// Whether the gradient of the filter is sooner computed here than from dense gradients: where patches are long enough
    /// for the lists to be worth it.
    pub(super) fn pay(&self) -> bool {
        self.pool.k_h * self.pool.k_w * self.runs.len() * self.run_len > LONG_ENOUGH && self.are_near()
    }

    /// Whether the gradient of the images can be computed here: where vectors do not reach beyond the runs.
    pub(super) fn spread(&self) -> bool {
        self.run_len == self.pitch && self.are_near()
    }

    /// Whether entries can name all places.
    fn are_near(&self) -> bool {
        self.last <= i64::from(u32::MAX)
    }

    /// Runs `f` with the filter, channel by channel.
    pub(super) fn with_filter<R>(&self, w: &[f32], f: impl FnOnce(&[f32]) -> R) -> R {
        scratch::with(w.len(), |turned| {
            super::direct::transpose(w, self.s.out_c, turned);
            f(turned)
        })
    }

    /// From the sums of [`backprop`](Self::backprop) to the filter's gradient.
    pub(super) fn finish(&self, sum: &[f32], dw: &mut [f32]) {
        for (o, channel) in sum.chunks_exact(self.channel_len()).enumerate() {
            let numbers = channel.chunks_exact(self.pitch).flat_map(|run| &run[..self.run_len]);
            dw[o..].iter_mut().step_by(self.s.out_c).zip(numbers).for_each(|(to, x)| *to = *x);
        }
    }

    /// The gradient `dx` of an image, and `dw` more of the filter's; the latter only if it is not empty.
    pub(super) fn backprop(
        &self,
        image: &[f32],
        filter: &[f32],
        winners: &[u8],
        dy: &[f32],
        dx: Option<&mut [f32]>,
        dw: &mut [f32],
    ) {
        assert!(dw.is_empty() || dw.len() == self.gradient_len(), "the size of a filter's gradient");
        assert!(dx.is_none() || (self.spread() && filter.len() == self.gradient_len()), "the size of a filter");
        let image_len = if dw.is_empty() { 0 } else { self.frame.len() + MOST_LANES };
        let dx_len = if dx.is_some() { self.frame.len() } else { 0 };
        scratch::with(image_len, |framed| {
            if !framed.is_empty() {
                let (image_part, behind) = framed.split_at_mut(self.frame.len());
                self.frame.copy(image, image_part);
                behind.fill(0.0);
            }
            scratch::zeros(dx_len, |framed_dx| {
                self.with_lists(winners, dy, |lists| {
                    run(self.level, Backprop { places: self, x: &*framed, filter, lists, dx: framed_dx, dw });
                });
                if let Some(dx) = dx {
                    self.frame.copy_back(framed_dx, dx);
                }
            });
        });
    }

    /// Runs `f` with the entries of each channel.
    fn with_lists(&self, winners: &[u8], dy: &[f32], f: impl FnOnce(Lists)) {
        let pixels = self.pool.out_h * self.pool.out_w;
        scratch::with(pixels, |corners| {
            self.corners(corners);
            scratch::with(self.s.out_c * (pixels + 1), |entries| {
                scratch::zeros(self.s.out_c, |lens| {
                    self.collect(corners, winners, dy, entries, lens);
                    f(Lists { entries, space: pixels + 1, lens });
                });
            });
        });
    }

    /// Lists the gradients of each channel, and counts them. A list has space for one more than there are pixels.
    fn collect(&self, corners: &[i64], winners: &[u8], dy: &[f32], entries: &mut [Entry], lens: &mut [u32]) {
        let (channels, space) = (lens.len(), corners.len() + 1);
        assert!(winners.len() == corners.len() * channels && entries.len() == channels * space);
        let pixels = winners.chunks_exact(channels).zip(dy.chunks_exact(channels));
        for ((winners, dy), corner) in pixels.zip(corners) {
            for (channel, ((winner, gradient), len)) in winners.iter().zip(dy).zip(lens.iter_mut()).enumerate() {
                // Before every image for a dead one: not up to `last` without a sign.
                let at = (corner + self.offsets[usize::from(*winner)]) as u64;
                // SAFETY: the lists have space as asserted, and grow by one with each pixel at most.
                unsafe { *entries.get_unchecked_mut(channel * space + *len as usize) = (at as u32, *gradient) };
                *len += u32::from(at <= self.last as u64);
            }
        }
    }

    /// Where the patch at the corner of each window starts, if it were no padding.
    fn corners(&self, corners: &mut [i64]) {
        let pool = self.pool;
        for (p, corner) in corners.iter_mut().enumerate() {
            let i = (p / pool.out_w * pool.stride_h) as i64 - pool.pad_top as i64;
            let j = (p % pool.out_w * pool.stride_w) as i64 - pool.pad_left as i64;
            *corner = Self::offset(self.s, &self.frame, i, j);
        }
    }
}

/// Calls what is compiled for the shape of a tile.
macro_rules! of_shape {
    ($tile:ident, $work:ident, $vector:ty, $($runs:literal: $($vectors:literal)*;)*) => {
        match ($tile.runs, $tile.vectors) {
            $($(($runs, $vectors) => $work.tile::<$vector, DX, DW, $runs, $vectors>($tile),)*)*
            _ => {}
        }
    };
}

/// A place where a patch starts, and the gradient there.
type Entry = (u32, f32);

/// The entries of all channels.
struct Lists<'a> {
    entries: &'a [Entry],
    /// From the first entry of one channel to that of the next.
    space: usize,
    lens: &'a [u32],
}

impl Lists<'_> {
    fn of(&self, channel: usize) -> &[Entry] {
        &self.entries[channel * self.space..][..self.lens[channel] as usize]
    }
}

/// The gradients of one image.
struct Backprop<'a> {
    places: &'a Places<'a>,
    x: &'a [f32],
    filter: &'a [f32],
    lists: Lists<'a>,
    dx: &'a mut [f32],
    dw: &'a mut [f32],
}

impl Work for Backprop<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<V: Singles>(mut self) {
        for channel in 0..self.places.s.out_c {
            // SAFETY: the caller has the vector's features.
            unsafe {
                match (self.dx.is_empty(), self.dw.is_empty()) {
                    (false, false) => self.accumulate::<V, true, true>(channel),
                    (false, true) => self.accumulate::<V, true, false>(channel),
                    (true, false) => self.accumulate::<V, false, true>(channel),
                    (true, true) => {}
                }
            }
        }
    }
}

impl Backprop<'_> {
    /// If `DX`, adds the channel's filter, times each gradient, to `dx` at its place; if `DW`, the patches, each times its
    /// gradient, to the channel's part of `dw`. Both at once: reading for the one goes along with writing for the other.
    ///
    /// # Safety
    /// The processor has the vector's features.
    #[inline(always)]
    unsafe fn accumulate<V: Singles, const DX: bool, const DW: bool>(&mut self, channel: usize) {
        let (places, len) = (self.places, self.places.channel_len());
        let entries = self.lists.of(channel);
        let channel = channel * len..(channel + 1) * len;
        let mut work = Channel {
            places,
            entries,
            x: self.x.as_ptr(),
            dx: self.dx.as_mut_ptr(),
            filter: if DX { self.filter[channel.clone()].as_ptr() } else { self.filter.as_ptr() },
            dw: if DW { self.dw[channel].as_mut_ptr() } else { self.dw.as_mut_ptr() },
        };
        for tile in if DX && DW { &places.tiles_of_both } else { &places.tiles } {
            // SAFETY: entries are no further than `last` (`collect`), from where all runs filled up to whole vectors lie in
            // the framed image and the space behind; with `DX` runs are whole vectors (`Places::spread`), so that none lie
            // behind. The channel's parts have `pitch` numbers for each run.
            unsafe { of_shape!(tile, work, V, 1: 1 2 3 4 5 6; 2: 1 2 3 4 5 6; 3: 1 2 3 4 5 6;) }
        }
    }
}

/// What there is to do for one channel.
struct Channel<'a> {
    places: &'a Places<'a>,
    entries: &'a [Entry],
    x: *const f32,
    dx: *mut f32,
    filter: *const f32,
    dw: *mut f32,
}

/// A part of a patch that fits into registers: some vectors of some runs.
struct Tile {
    first_run: usize,
    runs: usize,
    /// Where in the runs it starts.
    at: usize,
    vectors: usize,
}

/// Cuts a patch into tiles; each vector takes so many registers.
fn tiles(level: Level, runs: usize, pitch: usize, registers: usize) -> Vec<Tile> {
    let lanes = lanes(level);
    let most = kept(level) / registers;
    let vectors = pitch / lanes;
    let mut tiles = Vec::new();
    for first_run in (0..runs).step_by(MOST_RUNS) {
        let runs = MOST_RUNS.min(runs - first_run);
        let parts = vectors.div_ceil((most / runs).min(MOST_VECTORS));
        for part in 0..parts {
            let (start, end) = (part * vectors / parts, (part + 1) * vectors / parts);
            tiles.push(Tile { first_run, runs, at: start * lanes, vectors: end - start });
        }
    }
    tiles
}

const MOST_RUNS: usize = 3;
const MOST_VECTORS: usize = 6;

impl Channel<'_> {
    /// # Safety
    /// The processor has the vector's features. At each entry a patch can be read in `x` if `DW`, and written in `dx` if
    /// `DX`; `filter` and `dw` have `pitch` numbers for each run, if `DX` and if `DW`.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn tile<V: Singles, const DX: bool, const DW: bool, const RUNS: usize, const VECTORS: usize>(
        &mut self,
        tile: &Tile,
    ) {
        // No tile is so large; what follows is not even compiled.
        if RUNS * VECTORS * (usize::from(DX) + usize::from(DW)) > V::KEPT {
            return;
        }
        // SAFETY: the caller keeps every read and write below in bounds.
        unsafe {
            let pitch = self.places.pitch;
            let start = tile.first_run * pitch + tile.at;
            let mut offsets = [0; RUNS];
            let [mut filter, mut sums] = [[[V::splat(0.0); VECTORS]; RUNS]; 2];
            for r in 0..RUNS {
                offsets[r] = self.places.runs[tile.first_run + r] + tile.at;
                for v in 0..VECTORS {
                    let at = start + r * pitch + v * V::LANES;
                    if DX {
                        filter[r][v] = V::load(self.filter.add(at));
                    }
                    if DW {
                        sums[r][v] = V::load(self.dw.add(at));
                    }
                }
            }
            for &(at, gradient) in self.entries {
                let gradient = V::splat(gradient);
                for r in 0..RUNS {
                    for v in 0..VECTORS {
                        let at = at as usize + offsets[r] + v * V::LANES;
                        if DX {
                            let dx = self.dx.add(at);
                            V::load(dx).mul_add(gradient, filter[r][v]).store(dx);
                        }
                        if DW {
                            sums[r][v] = sums[r][v].mul_add(gradient, V::load(self.x.add(at)));
                        }
                    }
                }
            }
            for r in 0..RUNS {
                for v in 0..VECTORS {
                    if DW {
                        sums[r][v].store(self.dw.add(start + r * pitch + v * V::LANES));
                    }
                }
            }
        }
    }
}
