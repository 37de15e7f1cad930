//! Elementwise operations after one another, tile by tile, so that what is between them never leaves the fastest cache.

use smallvec::SmallVec;

use super::link::{Link, TILE, repeated};
use super::parallel::for_each_chunk;
use super::{Plain, scratch};

/// What a link works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// An input array of the chain.
    Input(usize),
    /// The result of an earlier link.
    Link(usize),
}

/// A link and what it works on.
#[derive(Clone, Debug)]
pub struct ChainLink<T> {
    /// The operation.
    pub link: Link<T>,
    /// One or two operands, as the operation takes.
    pub operands: SmallVec<[Operand; 2]>,
}

/// Links that make one output of some inputs; the last link's result is the output.
#[derive(Clone, Debug)]
pub struct Chain<T> {
    links: Vec<ChainLink<T>>,
    /// The tile of each link's result; the last link has none.
    tiles: Vec<usize>,
    /// The number of tiles.
    tile_count: usize,
    /// The number of inputs.
    inputs: usize,
}

/// Operations on elements that one part of a long chain does: some 30 µs.
const PART: usize = 1 << 18;

impl<T: Plain> Chain<T> {
    /// The chain of these links. `None` if there is none, or one has a wrong number of operands or works on a link that
    /// does not come before it.
    pub fn new(links: Vec<ChainLink<T>>) -> Option<Self> {
        let mut inputs = 0;
        for (i, ChainLink { link, operands }) in links.iter().enumerate() {
            let count = if matches!(link, Link::Unary(_)) { 1 } else { 2 };
            if operands.len() != count {
                return None;
            }
            for operand in operands {
                match *operand {
                    Operand::Link(earlier) if earlier >= i => return None,
                    Operand::Link(_) => {}
                    Operand::Input(input) => inputs = inputs.max(input.checked_add(1)?),
                }
            }
        }
        let (tiles, tile_count) = place(&links)?;
        Some(Chain { links, tiles, tile_count, inputs })
    }

    /// The number of inputs that the links speak of.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Writes the output. Each input is as long as `out`, or is repeated, and its length divides that of `out`:
    /// `out[i]` is made of its element `i % len`. Panics if not.
    pub fn run(&self, inputs: &[&[T]], out: &mut [T]) {
        let n = out.len();
        if n == 0 {
            return;
        }
        assert!(inputs.len() >= self.inputs, "a chain has too few inputs");
        assert!(
            inputs.iter().all(|x| !x.is_empty() && n.is_multiple_of(x.len())),
            "an input does not fit a chain's output"
        );
        let part = (PART / self.links.len()).next_multiple_of(TILE).max(TILE);
        for_each_chunk(out, part, |start, out| {
            let step = TILE.min(out.len());
            // Two more, to repeat inputs in.
            scratch::with((self.tile_count + 2) * step, |memory: &mut [T]| {
                let mut tiles: SmallVec<[&mut [T]; 6]> = memory.chunks_mut(step).collect();
                for (i, out) in out.chunks_mut(step).enumerate() {
                    self.run_tile(inputs, start + i * step, &mut tiles, out);
                }
            });
        });
    }

    fn run_tile(&self, inputs: &[&[T]], start: usize, tiles: &mut [&mut [T]], out: &mut [T]) {
        let n = out.len();
        let (tiles, spread) = tiles.split_at_mut(self.tile_count);
        for (i, ChainLink { link, operands }) in self.links.iter().enumerate() {
            let tile = self.tiles.get(i);
            let mut own = tile.map(|&tile| std::mem::take(&mut tiles[tile]));
            let mut free = spread.iter_mut();
            let mut read = |k: usize| -> &[T] {
                match (operands[k], free.next()) {
                    (Operand::Input(input), Some(tile)) => repeated(inputs[input], start, &mut tile[..n], false),
                    (Operand::Link(earlier), _) => &tiles[self.tiles[earlier]][..n],
                    (Operand::Input(_), None) => &[],
                }
            };
            let result = own.as_deref_mut().map_or(&mut *out, |own| &mut own[..n]);
            match link {
                Link::Unary(f) => f(read(0), result),
                Link::Binary(f) => f(read(0), read(1), result),
            }
            if let (Some(&tile), Some(own)) = (tile, own) {
                tiles[tile] = own;
            }
        }
    }
}

/// A tile for the result of each link but the last, and how many there are: a tile is used again when nothing will read
/// what it holds.
fn place<T>(links: &[ChainLink<T>]) -> Option<(Vec<usize>, usize)> {
    let results = links.len().checked_sub(1)?;
    let earlier = |link: &ChainLink<T>| -> SmallVec<[usize; 2]> {
        let links = link.operands.iter().filter_map(|o| if let Operand::Link(i) = *o { Some(i) } else { None });
        links.collect()
    };
    let mut last_use: Vec<usize> = (0..results).collect();
    for (i, link) in links.iter().enumerate() {
        earlier(link).into_iter().for_each(|j| last_use[j] = i);
    }
    let (mut tiles, mut free, mut count) = (Vec::with_capacity(results), Vec::new(), 0);
    for (i, link) in links[..results].iter().enumerate() {
        let tile = free.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        tiles.push(tile);
        let mut done = earlier(link);
        done.push(i);
        done.dedup();
        free.extend(done.into_iter().filter(|&j| last_use[j] == i).map(|j| tiles[j]));
    }
    Some((tiles, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::link::{BinaryFn, UnaryFn};
    use crate::kernels::math::Real;

    struct Plus;
    impl BinaryFn<f32> for Plus {
        fn at(x: f32, y: f32) -> f32 {
            x + y
        }
    }
    struct Tanh;
    impl UnaryFn<f32> for Tanh {
        #[inline(always)]
        fn at(x: f32) -> f32 {
            Real::tanh(x)
        }
    }

    fn unary(x: Operand) -> ChainLink<f32> {
        ChainLink { link: Link::unary::<Tanh>(), operands: [x].into_iter().collect() }
    }

    fn binary(x: Operand, y: Operand) -> ChainLink<f32> {
        ChainLink { link: Link::binary::<Plus>(), operands: [x, y].into_iter().collect() }
    }

    /// By the book: each link for one element.
    fn reference(links: &[ChainLink<f32>], inputs: &[&[f32]], i: usize) -> f32 {
        let mut results: Vec<f32> = Vec::new();
        for ChainLink { link, operands } in links {
            let of = |k: usize| match operands[k] {
                Operand::Input(input) => inputs[input][i % inputs[input].len()],
                Operand::Link(link) => results[link],
            };
            results.push(if matches!(link, Link::Unary(_)) { Real::tanh(of(0)) } else { of(0) + of(1) });
        }
        results[links.len() - 1]
    }

    /// Links on random operands that come before them.
    fn random_links(count: usize, inputs: usize, seed: usize) -> Vec<ChainLink<f32>> {
        let mut state = seed;
        let mut next = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut links = Vec::new();
        for i in 0..count {
            let mut operand = || {
                let pick = next(inputs + i);
                if pick < inputs { Operand::Input(pick) } else { Operand::Link(pick - inputs) }
            };
            let (x, y) = (operand(), operand());
            links.push(if i % 3 == 0 { unary(x) } else { binary(x, y) });
        }
        links
    }

    #[test]
    fn chains_match_their_links_one_element_at_a_time() {
        let numbers = |n: usize, k: usize| (0..n).map(|i| (i * k % 19) as f32 / 19.0 - 0.4).collect::<Vec<f32>>();
        for (n, row) in [(1, 1), (5, 1), (12, 4), (512, 512), (700 * 30, 700), (513 * 7, 7), (1 << 17, 1 << 10)] {
            let (whole, single, row) = (numbers(n, 7), numbers(1, 3), numbers(row, 5));
            let inputs: [&[f32]; 3] = [&whole, &single, &row];
            for count in [1, 2, 5, 40] {
                let links = random_links(count, inputs.len(), n + count);
                let chain = Chain::new(links.clone()).unwrap();
                let mut out = vec![f32::NAN; n];
                chain.run(&inputs, &mut out);
                let places = (0..n).step_by(n.div_ceil(1000)).chain([n - 1]);
                for i in places {
                    assert_eq!(out[i].to_bits(), reference(&links, &inputs, i).to_bits(), "{n} {count} {i}");
                }
            }
        }
    }

    #[test]
    fn long_chains_need_few_tiles() {
        let links = |i: usize| {
            let before = if i == 0 { Operand::Input(0) } else { Operand::Link(i - 1) };
            if i.is_multiple_of(2) { binary(before, Operand::Input(1)) } else { unary(before) }
        };
        let chain = Chain::new((0..1000).map(links).collect()).unwrap();
        assert_eq!((chain.tile_count, chain.inputs()), (2, 2));
        let square =
            vec![unary(Operand::Input(0)), binary(Operand::Link(0), Operand::Link(0)), unary(Operand::Link(1))];
        assert_eq!(Chain::new(square).unwrap().tile_count, 2);
    }

    #[test]
    fn what_is_no_chain_is_refused() {
        assert!(Chain::<f32>::new(Vec::new()).is_none());
        assert!(Chain::new(vec![unary(Operand::Link(0))]).is_none());
        assert!(Chain::new(vec![unary(Operand::Input(usize::MAX))]).is_none());
        let mut one_operand = binary(Operand::Input(0), Operand::Input(0));
        one_operand.operands.pop();
        assert!(Chain::new(vec![one_operand]).is_none());
    }
}
