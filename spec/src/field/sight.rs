//! What the cells of a map see along one axis, cell by cell of a period.

/// Pixels from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub first: f64,
    pub last: f64,
}

impl Interval {
    pub fn size(&self) -> f64 {
        self.last - self.first + 1.0
    }

    pub fn middle(&self) -> f64 {
        (self.first + self.last) / 2.0
    }

    fn shifted(self, by: f64) -> Interval {
        Interval { first: self.first + by, last: self.last + by }
    }

    fn hull(self, other: Interval) -> Interval {
        Interval { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// Cell p + k·n of n cells of a period sees what cell p sees, k·advance pixels further on. Above an up-sampling the cells of
/// a period differ: of `Up2(x)` two see the same cell of x.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sight {
    cells: Vec<Interval>,
    /// Pixels in a period.
    advance: f64,
}

/// A longer period becomes a period of one cell, which sees what any of them does.
const LONGEST: i64 = 64;

impl Sight {
    /// Cells of an input that are so many pixels wide.
    pub fn of_input(width: f64) -> Sight {
        Sight { cells: vec![Interval { first: 0.0, last: width - 1.0 }], advance: width }
    }

    /// The cells of one period.
    pub fn cells(&self) -> &[Interval] {
        &self.cells
    }

    /// Pixels between neighbours, on the mean.
    pub fn stride(&self) -> f64 {
        self.advance / self.cells.len() as f64
    }

    /// Pixels that the cell sees that sees most.
    pub fn size(&self) -> f64 {
        self.cells.iter().map(Interval::size).fold(0.0, f64::max)
    }

    /// The middle of what cell 0 sees, on the mean over a period.
    pub fn centre(&self) -> f64 {
        let middles = (0..self.period()).map(|i| self.cells[i as usize].middle() - i as f64 * self.stride());
        middles.sum::<f64>() / self.cells.len() as f64
    }

    fn period(&self) -> i64 {
        self.cells.len() as i64
    }

    fn cell(&self, i: i64) -> Interval {
        let (whole, rest) = (i.div_euclid(self.period()), i.rem_euclid(self.period()));
        self.cells[rest as usize].shifted(whole as f64 * self.advance)
    }

    /// One cell for all of the period: what any of them sees, relative to where it stands.
    fn bound(&self) -> Sight {
        let relative = (0..self.period()).map(|i| self.cell(i).shifted(-(i as f64) * self.stride()));
        let hull = relative.reduce(Interval::hull).unwrap_or(self.cells[0]);
        Sight { cells: vec![hull], advance: self.stride() }
    }

    /// Cells each of which sees a stretch of these, for a whole number of steps through a period of these.
    fn stretches(&self, period: i64, advance: f64, stretch: impl Fn(i64) -> (i64, i64)) -> Sight {
        let cell = |i: i64| {
            let (first, last) = stretch(i);
            self.cell(first).hull(self.cell(last))
        };
        Sight { cells: (0..period).map(cell).collect(), advance }
    }

    /// Windows that start at `−padding` and reach so far beyond their first cell.
    pub fn windowed(&self, stride: usize, padding: usize, reach: usize) -> Sight {
        let [stride, padding, reach] = [stride, padding, reach].map(|n| n as i64);
        let shared = greatest_divisor(self.period(), stride);
        self.stretches(self.period() / shared, self.advance * (stride / shared) as f64, |i| {
            (i * stride - padding, i * stride - padding + reach)
        })
    }

    /// Both together, and the stride of the finer one where they differ.
    pub fn joined(&self, other: &Sight) -> Sight {
        let shared = greatest_divisor(self.period(), other.period());
        let period = self.period() / shared * other.period();
        if (self.stride() - other.stride()).abs() > 1e-9 * self.stride() || period > LONGEST {
            let (a, b) = (self.bound(), other.bound());
            return Sight { cells: vec![a.cells[0].hull(b.cells[0])], advance: a.advance.min(b.advance) };
        }
        let cells = (0..period).map(|i| self.cell(i).hull(other.cell(i))).collect();
        Sight { cells, advance: self.advance * (period / self.period()) as f64 }
    }

    pub fn resampled(&self, by: &Resampling) -> Sight {
        let shared = greatest_divisor(by.numerator, self.period());
        let period = self.period().checked_mul(by.denominator).map(|cells| cells / shared);
        match period.filter(|&period| period <= LONGEST) {
            Some(period) => {
                self.stretches(period, self.advance * (by.numerator / shared) as f64, |i| by.stretch(by.place(i)))
            }
            None => {
                // What is read at a place lies less than a cell before it and, where both neighbours are, behind it.
                let Sight { cells, advance } = self.bound();
                let (place, beside) = (by.place(0), 1.0 - 0.5 / by.denominator as f64);
                let beyond = by.beyond as f64;
                let first = place + by.drift.0 - beside - beyond;
                let last = place + by.drift.1 + if by.is_linear { beside } else { 0.0 } + beyond;
                let cell = Interval { first: cells[0].first + first * advance, last: cells[0].last + last * advance };
                Sight { cells: vec![cell], advance: advance * by.numerator as f64 / by.denominator as f64 }
            }
        }
    }
}

/// Where the cells of a resampled map lie among those of its source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resampling {
    /// So many cells of the source …
    pub numerator: i64,
    /// … under so many of the result; the two share no divisor.
    pub denominator: i64,
    /// Whether cells are places by their middles.
    pub half_pixel: bool,
    /// Whether the two cells on either side are read, and not the one before alone.
    pub is_linear: bool,
    /// How many cells more are read on each side.
    pub beyond: i64,
    /// How far off, in cells of the source, a place may be at the end of a map whose size is no exact multiple.
    pub drift: (f64, f64),
}

impl Resampling {
    /// The same without what makes it uncertain.
    pub fn settled(self) -> Resampling {
        let middle = (self.drift.0 + self.drift.1) / 2.0;
        Resampling { drift: (middle, middle), ..self }
    }

    /// The place of a cell in the source. The quotient of two whole numbers is exact where it is whole itself.
    fn place(&self, i: i64) -> f64 {
        let (a, b) = (self.numerator as f64, self.denominator as f64);
        let twice = if self.half_pixel { (2 * i + 1) as f64 * a - b } else { (2 * i) as f64 * a };
        twice / (2.0 * b)
    }

    /// The first and the last cell that is read at a place.
    fn stretch(&self, place: f64) -> (i64, i64) {
        let (least, most) = (place + self.drift.0, place + self.drift.1);
        let last = match () {
            () if self.is_linear => most.ceil(),
            // The drift is reached by the cell beyond the last.
            () if self.drift.0 < self.drift.1 => (most.ceil() - 1.0).max(place.floor()),
            () => most.floor(),
        };
        (least.floor() as i64 - self.beyond, last as i64 + self.beyond)
    }
}

/// The greatest whole number that divides both.
pub(super) fn greatest_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}
