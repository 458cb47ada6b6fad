//! One arena for all values of a plan: who lives when decides who may share.

use std::ops::Range;

use crate::tensor::{Dims, LINE, Map, MapMut};

/// A value's floats in the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub start: usize,
    pub len: usize,
}

impl Place {
    /// Its floats.
    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

/// How a map lies in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// From its first float to its last.
    pub place: Place,
    pub channels: usize,
    /// Floats from a pixel to the next.
    pub pitch: usize,
}

impl View {
    /// A map of some sizes in the channels from one on of a map that is `pitch` channels wide and has the given place; of no
    /// length where that has none.
    pub(super) fn of(dims: Dims, within: Place, channel: usize, pitch: usize) -> View {
        let len = if within.len == 0 { 0 } else { (dims.pixels() - 1) * pitch + dims.channels };
        View { place: Place { start: within.start + channel, len }, channels: dims.channels, pitch }
    }
}

/// From when to when a value is needed, in steps; inputs are there from 0 on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    pub first: usize,
    /// None where nothing needs it.
    pub last: Option<usize>,
    /// Floats.
    pub len: usize,
}

impl Lifetime {
    /// A step's operands and its result overlap: the kernels read while they write.
    fn overlaps(&self, other: &Lifetime) -> bool {
        self.last.is_some_and(|last| other.first <= last) && other.last.is_some_and(|last| self.first <= last)
    }
}

/// Places every value, the largest first, each in the tightest gap that the values it meets leave; also gives the length
/// of the arena. Every place starts at a cache line.
pub(super) fn lay_out(lifetimes: &[Lifetime]) -> (Vec<Place>, usize) {
    let mut order: Vec<usize> = (0..lifetimes.len()).filter(|&value| lifetimes[value].last.is_some()).collect();
    order.sort_by_key(|&value| (std::cmp::Reverse(lifetimes[value].len), value));
    let mut places = vec![Place::default(); lifetimes.len()];
    let mut arena = 0;
    let mut placed: Vec<usize> = Vec::new();
    for value in order {
        let len = lifetimes[value].len;
        let mut taken: Vec<Range<usize>> = placed
            .iter()
            .filter(|&&other| lifetimes[other].overlaps(&lifetimes[value]))
            .map(|&other| places[other].range())
            .collect();
        taken.sort_by_key(|range| range.start);
        let start = tightest_gap(&taken, len);
        places[value] = Place { start, len };
        arena = arena.max(start + len);
        placed.push(value);
    }
    (places, arena)
}

/// The start of the smallest gap between sorted ranges that holds `len`, or the end of them all.
fn tightest_gap(taken: &[Range<usize>], len: usize) -> usize {
    let mut best: Option<(usize, usize)> = None;
    let mut end = 0;
    for range in taken {
        if range.start >= end + len && best.is_none_or(|(gap, _)| range.start - end < gap) {
            best = Some((range.start - end, end));
        }
        end = end.max(range.end.next_multiple_of(LINE));
    }
    best.map_or(end, |(_, start)| start)
}

/// All of an arena but one place: what a step may read while it writes there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reads<'a> {
    before: &'a [f32],
    after: &'a [f32],
    after_start: usize,
}

impl<'a> Reads<'a> {
    /// Lends a map for writing and what lies before and behind it for reading.
    pub(crate) fn around(arena: &'a mut [f32], out: View) -> (Reads<'a>, MapMut<'a>) {
        let View { place, channels, pitch } = out;
        let (before, rest) = arena.split_at_mut(place.start);
        let (floats, after) = rest.split_at_mut(place.len);
        (Reads { before, after, after_start: place.start + place.len }, MapMut { floats, channels, pitch })
    }

    /// Lends all of it for reading.
    pub(crate) fn all(arena: &'a [f32]) -> Reads<'a> {
        Reads { before: arena, after: &[], after_start: arena.len() }
    }

    /// The floats of a place, which does not overlap the one that is written.
    #[inline(always)]
    pub(crate) fn get(&self, place: Place) -> &'a [f32] {
        match place.start.checked_sub(self.after_start) {
            Some(start) => &self.after[start..start + place.len],
            None => &self.before[place.start..place.start + place.len],
        }
    }

    /// A map, of which likewise.
    #[inline(always)]
    pub(crate) fn map(&self, View { place, channels, pitch }: View) -> Map<'a> {
        Map { floats: self.get(place), channels, pitch }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(first: usize, last: usize, len: usize) -> Lifetime {
        Lifetime { first, last: Some(last), len }
    }

    #[test]
    fn values_that_live_together_lie_apart() {
        let lives = [
            life(0, 1, 100),
            life(1, 2, 40),
            life(2, 5, 7),
            life(3, 3, 90),
            life(0, 5, 1),
            Lifetime { first: 0, last: None, len: 1000 },
            life(4, 5, 64),
        ];
        let (places, arena) = lay_out(&lives);
        for (i, a) in lives.iter().enumerate() {
            assert_eq!(places[i].start % LINE, 0);
            assert!(places[i].range().end <= arena);
            for (j, b) in lives.iter().enumerate().skip(i + 1) {
                let apart = places[i].range().end <= places[j].start || places[j].range().end <= places[i].start;
                assert!(apart || !a.overlaps(b), "{i} and {j}: {places:?}");
            }
        }
        assert_eq!(places[5].len, 0);
    }

    #[test]
    fn a_chain_takes_its_largest_pair() {
        let (_, arena) = lay_out(&[life(0, 1, 160), life(1, 2, 80), life(2, 3, 160), life(3, 4, 80)]);
        assert_eq!(arena, 240);
    }

    #[test]
    fn the_tightest_gap_is_taken() {
        assert_eq!(tightest_gap(&[0..16, 64..80, 112..128], 32), 80);
        assert_eq!(tightest_gap(&[0..16, 64..80, 112..128], 48), 16);
        assert_eq!(tightest_gap(&[0..10, 64..70], 64), 80);
        assert_eq!(tightest_gap(&[], 5), 0);
    }
}
