//! What stride, padding, channels, filters and pooling do to a small picture: as text, and as an SVG file.
//!
//!     cargo run --release --example convolution_basics [DIRECTORY]
//!
//! Every number is computed by a session; the picture is written to DIRECTORY, or else to the current one.

use std::fmt::Write as _;
use std::path::Path;

use flowstone as tf;
use tf::feed_dict;

/// A 6x6 picture: a bright square on a dark ground, and a spot.
const PICTURE: [[f32; 6]; 6] = [
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 9.0, 9.0, 9.0, 0.0, 0.0],
    [0.0, 9.0, 9.0, 9.0, 0.0, 0.0],
    [0.0, 9.0, 9.0, 9.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 5.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
];

/// What brightens from left to right; what brightens from top to bottom; the mean of nine pixels.
const FILTERS: [(&str, [[f32; 3]; 3]); 3] = [
    ("vertical edges", [[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]]),
    ("horizontal edges", [[-1.0, -1.0, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]),
    ("blur", [[1.0 / 9.0; 3]; 3]),
];

/// One channel of one image.
struct Grid {
    title: String,
    values: Vec<Vec<f32>>,
    /// A window to be outlined: row, column, height, width.
    window: Option<[usize; 4]>,
    /// What stands between the grid on the left and this one.
    sign: &'static str,
}

/// A lesson: what goes in, what comes out, and a sentence about it.
struct Lesson {
    heading: &'static str,
    sentence: String,
    grids: Vec<Grid>,
}

impl Grid {
    /// Channel `channel` of an image [1, height, width, channels].
    fn new(title: impl Into<String>, image: &tf::Value, channel: usize) -> tf::Result<Self> {
        let pixels = image.view::<f32>()?;
        let (height, width) = (pixels.shape()[1], pixels.shape()[2]);
        let row = |i| (0..width).map(|j| pixels[[0, i, j, channel]]).collect();
        Ok(Grid { title: title.into(), values: (0..height).map(row).collect(), window: None, sign: "" })
    }

    fn outline(mut self, row: usize, column: usize, height: usize, width: usize) -> Self {
        self.window = Some([row, column, height, width]);
        self
    }

    fn after(mut self, sign: &'static str) -> Self {
        self.sign = sign;
        self
    }

    fn size(&self) -> (usize, usize) {
        (self.values.len(), self.values.first().map_or(0, Vec::len))
    }

    /// The lines of a text: the title, the size, the numbers.
    fn lines(&self) -> Vec<String> {
        let (height, width) = self.size();
        let cells: Vec<Vec<String>> = self.values.iter().map(|row| row.iter().copied().map(number).collect()).collect();
        let widest = cells.iter().flatten().map(String::len).max().unwrap_or(0);
        let line = |row: Vec<String>| row.iter().map(|cell| format!("{cell:>widest$}")).collect::<Vec<_>>().join(" ");
        [self.title.clone(), format!("{height}x{width}")].into_iter().chain(cells.into_iter().map(line)).collect()
    }
}

/// Short: whole numbers without a point, others with one digit.
fn number(x: f32) -> String {
    if (x - x.round()).abs() < 0.05 { format!("{:.0}", x.round() + 0.0) } else { format!("{x:.1}") }
}

/// An image [1, height, width, 1].
fn image(rows: &[[f32; 6]; 6]) -> tf::Tensor {
    tf::reshape(tf::constant(rows.concat()), [1, 6, 6, 1])
}

/// A filter [3, 3, 1, 1].
fn filter(rows: &[[f32; 3]; 3]) -> tf::Tensor {
    tf::reshape(tf::constant(rows.concat()), [3, 3, 1, 1])
}

/// The size of an image: "6x6".
fn size(image: &tf::Value) -> String {
    let dims = image.shape().dims();
    format!("{}x{}", dims[1], dims[2])
}

fn channels(image: &tf::Value) -> usize {
    image.shape().dims()[3]
}

/// The picture, a filter (shown as an image too), and what the filter makes of the picture.
fn convolved(padding: usize, stride: usize) -> tf::Result<[tf::Value; 3]> {
    let (p, s) = (padding as i64, stride as i64);
    let picture = tf::pad(image(&PICTURE), [[0, 0], [p, p], [p, p], [0, 0]]);
    let edges = filter(&FILTERS[0].1);
    let result = tf::nn::conv2d(picture, edges, [1, s, s, 1], "VALID");
    let shown = tf::reshape(edges, [1, 3, 3, 1]);
    tf::Session()?.run([picture, shown, result], feed_dict! {})
}

fn sliding() -> tf::Result<Lesson> {
    let [picture, edges, result] = convolved(0, 1)?;
    let (before, after) = (size(&picture), size(&result));
    Ok(Lesson {
        heading: "A filter slides over the picture",
        sentence: format!(
            "Each number is the sum of nine products. Without padding the {before} picture becomes {after}."
        ),
        grids: vec![
            Grid::new("picture", &picture, 0)?.outline(1, 2, 3, 3),
            Grid::new("filter", &edges, 0)?.after("∗"),
            Grid::new("result", &result, 0)?.after("=").outline(1, 2, 1, 1),
        ],
    })
}

fn padding() -> tf::Result<Lesson> {
    let [padded, edges, result] = convolved(1, 1)?;
    let (before, after) = (size(&padded), size(&result));
    Ok(Lesson {
        heading: "Padding keeps the size",
        sentence: format!("Padded by 1 the 6x6 picture is {before}, and under a 3x3 filter it keeps {after}."),
        grids: vec![
            Grid::new("padded", &padded, 0)?.outline(0, 0, 3, 3),
            Grid::new("filter", &edges, 0)?.after("∗"),
            Grid::new("result", &result, 0)?.after("=").outline(0, 0, 1, 1),
        ],
    })
}

fn striding() -> tf::Result<Lesson> {
    let [padded, edges, result] = convolved(1, 2)?;
    let (before, after) = (size(&padded), size(&result));
    Ok(Lesson {
        heading: "A stride of 2 leaves out every other place",
        sentence: format!("The same with steps of 2: {before} becomes {after}."),
        grids: vec![
            Grid::new("padded", &padded, 0)?.outline(2, 0, 3, 3),
            Grid::new("filter", &edges, 0)?.after("∗"),
            Grid::new("result", &result, 0)?.after("=").outline(1, 0, 1, 1),
        ],
    })
}

/// Three channels: the picture, the picture turned, and nothing but a ramp.
fn seeing_channels() -> tf::Result<Lesson> {
    let picture = image(&PICTURE);
    let ramp = image(&[[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]; 6]);
    let colours = tf::concat([picture, tf::transpose(picture, [0, 2, 1, 3]), ramp], 3);
    let deep = tf::concat(FILTERS.map(|(_, rows)| filter(&rows)), 2);
    let result = tf::nn::conv2d(colours, deep, [1, 1, 1, 1], "SAME");
    let [colours, result] = tf::Session()?.run([colours, result], feed_dict! {})?;
    let (before, after) = (channels(&colours), channels(&result));
    Ok(Lesson {
        heading: "One filter sees all channels",
        sentence: format!("A filter for {before} channels has as many layers; their sum is {after} channel."),
        grids: vec![
            Grid::new("channel 1", &colours, 0)?,
            Grid::new("channel 2", &colours, 1)?,
            Grid::new("channel 3", &colours, 2)?,
            Grid::new("result", &result, 0)?.after("→"),
        ],
    })
}

fn making_channels() -> tf::Result<Lesson> {
    let picture = image(&PICTURE);
    let many = tf::concat(FILTERS.map(|(_, rows)| filter(&rows)), 3);
    let result = tf::nn::conv2d(picture, many, [1, 1, 1, 1], "SAME");
    let [picture, result] = tf::Session()?.run([picture, result], feed_dict! {})?;
    let (filters, after) = (FILTERS.len(), channels(&result));
    let [first, second, third] = FILTERS.map(|(name, _)| name);
    Ok(Lesson {
        heading: "n filters give n channels",
        sentence: format!("{filters} filters make {after} channels of the one."),
        grids: vec![
            Grid::new("picture", &picture, 0)?,
            Grid::new(first, &result, 0)?.after("→"),
            Grid::new(second, &result, 1)?,
            Grid::new(third, &result, 2)?,
        ],
    })
}

fn pooling() -> tf::Result<Lesson> {
    let picture = image(&PICTURE);
    let (window, step) = ([1, 2, 2, 1], [1, 2, 2, 1]);
    let largest = tf::nn::max_pool(picture, window, step, "VALID");
    let mean = tf::nn::avg_pool(picture, window, step, "VALID");
    let smallest = -tf::nn::max_pool(-picture, window, step, "VALID");
    let [picture, largest, mean, smallest] = tf::Session()?.run([picture, largest, mean, smallest], feed_dict! {})?;
    let (before, after) = (size(&picture), size(&largest));
    Ok(Lesson {
        heading: "Pooling keeps one number of each window",
        sentence: format!(
            "2x2 windows side by side: {before} becomes {after}. The smallest is minus the largest of -x."
        ),
        grids: vec![
            Grid::new("picture", &picture, 0)?.outline(0, 2, 2, 2),
            Grid::new("largest (max)", &largest, 0)?.after("→").outline(0, 1, 1, 1),
            Grid::new("mean (average)", &mean, 0)?.outline(0, 1, 1, 1),
            Grid::new("smallest (min)", &smallest, 0)?.outline(0, 1, 1, 1),
        ],
    })
}

/// A lesson as text: its grids side by side.
fn text(lesson: &Lesson) -> String {
    let columns: Vec<Vec<String>> = lesson.grids.iter().map(Grid::lines).collect();
    let widths: Vec<usize> = columns.iter().map(|c| c.iter().map(String::len).max().unwrap_or(0)).collect();
    let mut text = format!("{}\n{}\n\n", lesson.heading, lesson.sentence);
    for i in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
        let lines = columns.iter().zip(&widths).map(|(column, &width)| {
            let line = column.get(i).map_or("", String::as_str);
            format!("{line:<width$}")
        });
        text += lines.collect::<Vec<_>>().join("     ").trim_end();
        text.push('\n');
    }
    text
}

const CELL: usize = 30;
const GAP: usize = 46;
const LEFT: usize = 24;
/// From the top of a lesson to its grids, and from there on to the next lesson.
const ABOVE: usize = 74;
const BELOW: usize = 40;

/// The room that a grid takes beside the others: its cells or its caption, whichever is wider, and a gap.
fn room(grid: &Grid) -> usize {
    (grid.size().1 * CELL).max(7 * caption(grid).len()) + GAP
}

fn caption(grid: &Grid) -> String {
    let (height, width) = grid.size();
    format!("{} ({height}x{width})", grid.title)
}

/// All lessons as one picture, one below the other.
fn svg(lessons: &[Lesson]) -> String {
    let height_of = |lesson: &Lesson| ABOVE + BELOW + CELL * lesson.grids.iter().map(|g| g.size().0).max().unwrap_or(0);
    let width = LEFT + lessons.iter().map(|lesson| lesson.grids.iter().map(room).sum()).max().unwrap_or(0);
    let height: usize = lessons.iter().map(height_of).sum();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let mut top = 16;
    for lesson in lessons {
        label(&mut out, LEFT, top + 20, 18, "bold", lesson.heading);
        label(&mut out, LEFT, top + 42, 13, "normal", &lesson.sentence);
        let mut left = LEFT;
        for grid in &lesson.grids {
            if !grid.sign.is_empty() {
                label(&mut out, left - GAP / 2 - 8, top + ABOVE + CELL * 3 / 2 + 6, 18, "normal", grid.sign);
            }
            draw(&mut out, grid, left, top + ABOVE);
            left += room(grid);
        }
        top += height_of(lesson);
    }
    out + "</svg>\n"
}

fn label(out: &mut String, x: usize, y: usize, size: usize, weight: &str, text: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\">{text}</text>");
}

/// A grid of shaded numbers, its title above.
fn draw(out: &mut String, grid: &Grid, left: usize, top: usize) {
    label(out, left, top - 8, 12, "normal", &caption(grid));
    let most = grid.values.iter().flatten().fold(1e-6f32, |most, x| most.max(x.abs()));
    for (i, row) in grid.values.iter().enumerate() {
        for (j, &value) in row.iter().enumerate() {
            let (x, y) = (left + j * CELL, top + i * CELL);
            let light = 255.0 - 130.0 * value.abs() / most;
            let light = light as u8;
            // Blue for what is positive, red for what is negative.
            let fill = if value < 0.0 { [255, light, light] } else { [light, light, 255] };
            let fill = if value == 0.0 { [250, 250, 250] } else { fill };
            let [r, g, b] = fill;
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"rgb({r},{g},{b})\" stroke=\"#ccc\"/>\
                 <text x=\"{}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\">{}</text>",
                x + CELL / 2,
                y + CELL / 2 + 4,
                number(value)
            );
        }
    }
    if let Some([row, column, rows, columns]) = grid.window {
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#d60\" stroke-width=\"3\"/>",
            left + column * CELL,
            top + row * CELL,
            columns * CELL,
            rows * CELL
        );
    }
}

fn main() -> tf::Result<()> {
    let lessons = [sliding()?, padding()?, striding()?, seeing_channels()?, making_channels()?, pooling()?];
    for (i, lesson) in lessons.iter().enumerate() {
        println!("{}. {}", i + 1, text(lesson));
    }
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let path = Path::new(&directory).join("convolution_basics.svg");
    std::fs::write(&path, svg(&lessons))
        .map_err(|e| tf::Error::failed_precondition(format!("cannot write {}: {e}", path.display())))?;
    println!("The same as a picture: {}", path.display());
    Ok(())
}
