//! Keras's progress line: `57/57 [==============================] - 1s 5ms/step - loss: 2.7417`.

/// How often the line is drawn at most, in seconds.
const INTERVAL: f64 = 0.05;
const WIDTH: usize = 30;

/// The progress of one epoch. It knows neither clock nor terminal: it is told the time, in seconds since its start, and
/// gives what is to be printed.
pub(super) struct Progbar {
    target: usize,
    verbose: u8,
    /// Whether a line can be drawn over the one before.
    overwrites: bool,
    total_width: usize,
    last_update: f64,
    after_first_step: Option<f64>,
}

impl Progbar {
    pub(super) fn new(target: usize, verbose: u8, overwrites: bool) -> Self {
        Progbar { target, verbose, overwrites, total_width: 0, last_update: f64::NEG_INFINITY, after_first_step: None }
    }

    /// What is printed after step `current`, if anything; `last` for the end of the epoch.
    pub(super) fn update(&mut self, current: usize, values: &[(String, f64)], last: bool, now: f64) -> Option<String> {
        let step = self.step_time(current, now);
        match self.verbose {
            1 if last || now - self.last_update >= INTERVAL => {
                self.last_update = now;
                Some(self.bar(current, values, last, now, step))
            }
            2 if last => {
                let mut line = format!("{} - {now:.0}s{}", self.counter(current), shown(values));
                let steps = now / self.target.max(1) as f64;
                line += &format!(" -{} -{}\n", duration(now, "epoch"), duration(steps, "step"));
                Some(line)
            }
            _ => None,
        }
    }

    fn counter(&self, current: usize) -> String {
        let digits = self.target.max(1).ilog10() as usize + 1;
        format!("{current:digits$}/{}", self.target)
    }

    fn bar(&mut self, current: usize, values: &[(String, f64)], last: bool, now: f64, step: f64) -> String {
        let done = (WIDTH * current / self.target.max(1)).min(WIDTH);
        let mut bar = format!("{} [", self.counter(current));
        if done > 0 {
            bar += &"=".repeat(done - 1);
            bar.push(if current < self.target { '>' } else { '=' });
        }
        bar += &".".repeat(WIDTH - done);
        bar.push(']');
        if last {
            bar += &format!(" - {now:.0}s{}", duration(step, "step"));
        } else {
            bar += &format!(" - ETA: {}", eta(step * self.target.saturating_sub(current) as f64));
        }
        bar += &shown(values);
        let before = std::mem::replace(&mut self.total_width, bar.chars().count());
        let rest = before.saturating_sub(self.total_width);
        let start = if self.overwrites { "\u{8}".repeat(before) + "\r" } else { "\n".to_owned() };
        start + &bar + &" ".repeat(rest) + if last { "\n" } else { "" }
    }

    /// The time of a step; the first is left out once there are others, since it takes longer.
    fn step_time(&mut self, current: usize, now: f64) -> f64 {
        let time = match self.after_first_step {
            _ if current == 0 => 0.0,
            Some(first) if current > 1 => (now - first) / (current - 1) as f64,
            _ => now / current as f64,
        };
        if current == 1 {
            self.after_first_step = Some(now);
        }
        time
    }
}

fn shown(values: &[(String, f64)]) -> String {
    values.iter().map(|(name, value)| format!(" - {name}: {}", number(*value))).collect()
}

fn number(value: f64) -> String {
    if value.abs() > 1e-3 || value.is_nan() {
        return if value.is_nan() { "nan".to_owned() } else { format!("{value:.4}") };
    }
    // Python's exponent has a sign and two digits.
    let text = format!("{value:.4e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text,
    }
}

fn duration(seconds: f64, unit: &str) -> String {
    if seconds >= 1.0 || seconds == 0.0 {
        format!(" {seconds:.0}s/{unit}")
    } else if seconds >= 1e-3 {
        format!(" {:.0}ms/{unit}", seconds * 1e3)
    } else {
        format!(" {:.0}us/{unit}", seconds * 1e6)
    }
}

fn eta(seconds: f64) -> String {
    let whole = seconds as u64;
    if seconds > 3600.0 {
        format!("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60)
    } else if seconds > 60.0 {
        format!("{}:{:02}", whole / 60, whole % 60)
    } else {
        format!("{whole}s")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn values(loss: f64, accuracy: f64) -> Vec<(String, f64)> {
        vec![("loss".to_owned(), loss), ("accuracy".to_owned(), accuracy)]
    }

    #[test]
    fn lines_are_keras_lines() {
        let mut bar = Progbar::new(57, 1, false);
        let first = bar.update(1, &values(3.2694, 0.0625), false, 0.46).unwrap();
        assert_eq!(first, "\n 1/57 [..............................] - ETA: 25s - loss: 3.2694 - accuracy: 0.0625");
        assert_eq!(bar.update(2, &values(3.0, 0.07), false, 0.47), None, "too soon");
        let later = bar.update(21, &values(2.8754, 0.1012), false, 0.56).unwrap();
        let text = "\n21/57 [==========>...................] - ETA: 0s - loss: 2.8754 - accuracy: 0.1012 ";
        assert_eq!(later, text, "a blank covers what is left of the longer line");
        let end = bar.update(57, &values(2.7417, 0.0001), true, 0.74).unwrap();
        let text = "\n57/57 [==============================] - 1s 5ms/step - loss: 2.7417 - accuracy: 1.0000e-04\n";
        assert_eq!(end, text);
    }

    #[test]
    fn a_terminal_is_written_over() {
        let mut bar = Progbar::new(2, 1, true);
        let first = bar.update(1, &values(3.3216, 0.08), false, 0.5).unwrap();
        assert_eq!(first, "\r1/2 [==============>...............] - ETA: 0s - loss: 3.3216 - accuracy: 0.0800");
        let end = bar.update(2, &values(3.1219, 0.11), true, 0.527).unwrap();
        let line = "2/2 [==============================] - 1s 27ms/step - loss: 3.1219 - accuracy: 0.1100\n";
        assert_eq!(end, format!("{}\r{line}", "\u{8}".repeat(80)));
    }

    #[test]
    fn one_line_an_epoch() {
        let mut bar = Progbar::new(57, 2, true);
        assert_eq!(bar.update(56, &values(1.0, 1.0), false, 0.1), None);
        let line = bar.update(57, &values(1.8785, 0.3533), true, 0.154).unwrap();
        assert_eq!(line, "57/57 - 0s - loss: 1.8785 - accuracy: 0.3533 - 154ms/epoch - 3ms/step\n");
        assert_eq!((eta(61.0), eta(3725.9)), ("1:01".to_owned(), "1:02:05".to_owned()));
    }
}
