//! Charts of measured figures as SVG, for `docs/`.
//!
//! ```
//! use archive_benches::plot::{LineChart, Scale};
//!
//! let mut chart = LineChart::new("Error by number of passes", "passes", "boxes, %").scale(Scale::Logarithmic);
//! chart.line("simple count", [(1.0, 35.0), (9.0, 3.9)]);
//! assert!(chart.to_string().starts_with("<svg "));
//! ```
//!
//! Written by hand because two kinds of chart need less code than a plotting library needs to be
//! told about them. The same figures give the same bytes, so that a chart changes in a commit only
//! where its figures did. Colours are those of Okabe and Ito, told apart by colour-blind readers.
//!
//! Limits: points that are not finite are left out; on a logarithmic scale, values below the axis
//! stand at its foot.

use std::fmt;
use std::path::{Path, PathBuf};

const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/// The size of a line chart, and the margins around its plane, in pixels.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 210.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 52.0;

/// How values are laid out along the vertical axis of a [`LineChart`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0 to the largest value.
    Linear,
    /// Decades, five at most.
    Logarithmic,
}

/// Lines over a common horizontal axis.
#[derive(Debug, Clone)]
pub struct LineChart {
    title: String,
    x_label: String,
    y_label: String,
    scale: Scale,
    lines: Vec<(String, Vec<(f64, f64)>)>,
}

impl LineChart {
    /// An empty chart with a linear scale.
    #[must_use]
    pub fn new(title: &str, x_label: &str, y_label: &str) -> Self {
        let [title, x_label, y_label] = [title, x_label, y_label].map(str::to_owned);
        Self { title, x_label, y_label, scale: Scale::Linear, lines: Vec::new() }
    }

    /// Another vertical scale.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// Adds a line through `points`, in their order.
    pub fn line(&mut self, name: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        let finite = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
        self.lines.push((name.to_owned(), points.into_iter().filter(finite).collect()));
    }

    /// The ends of the horizontal axis.
    fn x_range(&self) -> (f64, f64) {
        let xs = || self.lines.iter().flat_map(|(_, points)| points.iter().map(|p| p.0));
        let (low, high) = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
        match low < high {
            true => (low, high),
            false if low.is_finite() => (low - 0.5, low + 0.5),
            false => (0.0, 1.0),
        }
    }

    /// The marks of the vertical axis from its foot to its head.
    fn y_marks(&self) -> Vec<f64> {
        let ys = || self.lines.iter().flat_map(|(_, points)| points.iter().map(|p| p.1));
        let high = ys().fold(0.0, f64::max);
        let high = if high > 0.0 { high } else { 1.0 };
        match self.scale {
            Scale::Linear => {
                let step = round_step(high / 5.0);
                (0..=(high / step).ceil() as i32).map(|n| f64::from(n) * step).collect()
            }
            Scale::Logarithmic => {
                let head = high.log10().ceil() as i32;
                let low = ys().filter(|y| *y > 0.0).fold(high, f64::min);
                let foot = (low.log10().floor() as i32).clamp(head - 5, head - 1);
                (foot..=head).map(|exponent| 10_f64.powi(exponent)).collect()
            }
        }
    }
}

impl fmt::Display for LineChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x_low, x_high) = self.x_range();
        let marks = self.y_marks();
        let (foot, head) = (marks[0], marks[marks.len() - 1]);
        let x = |value: f64| LEFT + (value - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| {
            let share = match self.scale {
                Scale::Linear => (value - foot) / (head - foot),
                Scale::Logarithmic => (value.max(foot) / foot).log10() / (head / foot).log10(),
            };
            HEIGHT - BOTTOM - share.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
        };
        open(f, WIDTH, HEIGHT, &self.title)?;
        for mark in &marks {
            let at = y(*mark);
            writeln!(
                f,
                "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#ddd\"/>{}",
                WIDTH - RIGHT,
                text(LEFT - 8.0, at + 4.0, "end", &number(*mark))
            )?;
        }
        let step = round_step((x_high - x_low) / 8.0);
        let first = (x_low / step).ceil() * step;
        for value in (0..=20).map(|n| first + f64::from(n) * step).take_while(|v| *v <= x_high + step / 1e6) {
            writeln!(f, "{}", text(x(value), HEIGHT - BOTTOM + 18.0, "middle", &number(value)))?;
        }
        let middle = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
        writeln!(f, "{}", text(middle, HEIGHT - 14.0, "middle", &self.x_label))?;
        writeln!(f, "{}", text(8.0, TOP - 10.0, "start", &self.y_label))?;
        for (n, (name, points)) in self.lines.iter().enumerate() {
            let colour = COLOURS[n % COLOURS.len()];
            let path: Vec<String> = points.iter().map(|p| format!("{:.1} {:.1}", x(p.0), y(p.1))).collect();
            if !path.is_empty() {
                writeln!(
                    f,
                    "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                    path.join("L")
                )?;
            }
            for point in points {
                writeln!(
                    f,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                    x(point.0),
                    y(point.1)
                )?;
            }
            let (at, left) = (TOP + 10.0 + 20.0 * n as f64, WIDTH - RIGHT + 14.0);
            writeln!(
                f,
                "<path d=\"M{left} {at}h18\" stroke=\"{colour}\" stroke-width=\"3\"/>{}",
                text(left + 24.0, at + 4.0, "start", name)
            )?;
        }
        writeln!(f, "</svg>")
    }
}

/// Horizontal bars, one a name, from the top.
#[derive(Debug, Clone)]
pub struct BarChart {
    title: String,
    unit: String,
    bars: Vec<(String, f64)>,
}

impl BarChart {
    /// An empty chart; `unit` follows each figure.
    #[must_use]
    pub fn new(title: &str, unit: &str) -> Self {
        Self { title: title.to_owned(), unit: unit.to_owned(), bars: Vec::new() }
    }

    /// Adds a bar of a length from 0.
    pub fn bar(&mut self, name: &str, value: f64) {
        if value.is_finite() {
            self.bars.push((name.to_owned(), value.max(0.0)));
        }
    }
}

impl fmt::Display for BarChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.bars.iter().map(|(_, value)| *value).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        open(f, WIDTH, TOP + 28.0 * self.bars.len() as f64 + 12.0, &self.title)?;
        for (n, (name, value)) in self.bars.iter().enumerate() {
            let (left, top) = (230.0, TOP + 28.0 * n as f64);
            let length = value / longest * (WIDTH - left - 150.0);
            writeln!(
                f,
                "{}<rect x=\"{left}\" y=\"{top}\" width=\"{length:.1}\" height=\"20\" fill=\"{}\"/>{}",
                text(left - 8.0, top + 14.0, "end", name),
                COLOURS[n % COLOURS.len()],
                text(left + length + 6.0, top + 14.0, "start", &format!("{} {}", number(*value), self.unit))
            )?;
        }
        writeln!(f, "</svg>")
    }
}

/// Writes a chart to `docs/NAME.svg` of this workspace, and gives the path.
///
/// # Errors
/// Those of writing a file.
pub fn write_to_docs(name: &str, chart: &impl fmt::Display) -> std::io::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name).with_extension("svg");
    std::fs::write(&path, chart.to_string())?;
    Ok(path)
}

fn open(f: &mut fmt::Formatter<'_>, width: f64, height: f64, title: &str) -> fmt::Result {
    writeln!(
        f,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">"
    )?;
    writeln!(f, "<title>{}</title><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>", escape(title))?;
    writeln!(
        f,
        "<text x=\"{}\" y=\"18\" text-anchor=\"middle\" font-size=\"15\">{}</text>",
        width / 2.0,
        escape(title)
    )
}

fn text(x: f64, y: f64, anchor: &str, content: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escape(content))
}

fn escape(content: &str) -> String {
    content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * decade)
        .into_iter()
        .find(|s| *s >= least * 0.999)
        .unwrap_or(10.0 * decade)
}

/// At most three digits after the point, without trailing zeros.
fn number(value: f64) -> String {
    let text = if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements close, and no name breaks out of its text.
    #[track_caller]
    fn check(svg: &str) {
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<script"), "{svg}");
    }

    #[test]
    fn higher_values_stand_higher() {
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let mut chart = LineChart::new("t", "x", "y").scale(scale);
            chart.line("a", [(1.0, 10.0), (2.0, 0.1)]);
            let svg = chart.to_string();
            check(&svg);
            let heights: Vec<f64> = svg
                .split("cy=\"")
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
                .collect();
            assert!(heights[0] < heights[1], "{heights:?}");
        }
    }

    #[test]
    fn a_longer_bar_is_a_larger_figure() {
        let mut chart = BarChart::new("t", "s");
        chart.bar("one", 1.0);
        chart.bar("two", 2.0);
        let svg = chart.to_string();
        check(&svg);
        assert!(svg.contains("width=\"380.0\"") && svg.contains("width=\"190.0\""), "{svg}");
    }

    #[test]
    fn hostile_figures_and_names_leave_a_whole_chart() {
        let mut lines = LineChart::new("<script>&\"", "", "").scale(Scale::Logarithmic);
        check(&lines.to_string());
        lines.line("</text><script>", [(0.0, f64::NAN), (f64::INFINITY, 1.0), (3.0, 0.0), (3.0, -4.0)]);
        check(&lines.to_string());
        let mut bars = BarChart::new("", "");
        check(&bars.to_string());
        bars.bar("nan", f64::NAN);
        bars.bar("negative", -1.0);
        check(&bars.to_string());
    }
}
