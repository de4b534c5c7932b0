//! The map of a site as a drawing: a column of cells for each carriage, a cell for each level.

use maud::{Markup, PreEscaped, html};

use super::heat::HeatScale;
use super::{BankMap, BankMotion, BoxState, ColumnMap, Counts, LevelMap, SiteMap};

/// How a drawing looks, in light and dark. A page that shows it may not carry styles within.
pub(crate) const STYLE: &str = include_str!("room.css");

/// Where a drawing's style comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// It carries it, and stands alone as a file.
    Embedded,
    /// The page that shows it has it, and lets columns be chosen by click and key.
    OfPage,
}

/// What a drawing shows of each level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// Its boxes by state, and how full they are.
    #[default]
    States,
    /// 调阅热度: how often its files were fetched within a year, in classes of one hue from light to dark with the number in each
    /// cell: told apart without seeing colours.
    Heat,
}

const CELL: (u32, u32) = (72, 44);
const GAP: u32 = 8;
const OPEN_GAP: u32 = 34;
const LEFT: u32 = 46;
const TITLE: u32 = 34;
const BELOW: u32 = 40;
const LEGEND: u32 = 96;

impl SiteMap {
    /// The map as SVG.
    #[must_use]
    pub fn to_svg(&self, style: Style, shown: Shown) -> String {
        let levels = self.banks.iter().flat_map(|b| &b.columns).flat_map(|c| &c.levels);
        let scale = HeatScale::up_to(levels.map(|level| level.loans).max().unwrap_or(0));
        let draw = |level: &LevelMap, left: u32, top: u32| match shown {
            Shown::States => draw_states(level, left, top),
            Shown::Heat => draw_heat(level, &scale, left, top),
        };
        let width = self.banks.iter().map(width_of).max().unwrap_or(0).max(660) + LEFT + 12;
        let mut top = 44;
        let tops: Vec<u32> = self
            .banks
            .iter()
            .map(|bank| {
                let begins = top;
                top += TITLE + levels_of(bank) * CELL.1 + BELOW;
                begins
            })
            .collect();
        let height = top + LEGEND;
        let counts = self.counts();
        let drawing = html! {
            svg xmlns="http://www.w3.org/2000/svg" class="room" role="group" viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) aria-label=(format!("库房图 map of site {}", self.site)) {
                @if style == Style::Embedded { style { (PreEscaped(STYLE)) } }
                text.title x="12" y="26" { "库区 site " (self.site) }
                text.soft x=(width - 12) y="26" text-anchor="end" { (sum_up(&counts)) }
                @for (bank, top) in self.banks.iter().zip(&tops) { (draw_bank(bank, *top, style, &draw)) }
                @match shown {
                    Shown::States => (legend(&counts, height - LEGEND + 12)),
                    Shown::Heat => (legend_of_heat(&scale, height - LEGEND + 12)),
                }
            }
        };
        drawing.into_string()
    }
}

fn sum_up(counts: &Counts) -> String {
    let boxes = counts.slots() - counts.free - counts.reserved;
    format!("{} 储位 slots, {boxes} 盒 boxes", counts.slots())
}

fn levels_of(bank: &BankMap) -> u32 {
    let most = bank.columns.iter().map(|c| c.levels.len()).max().unwrap_or(0);
    u32::try_from(most).unwrap_or(u32::MAX / CELL.1 / 2)
}

/// The columns of `bank` with the left edge of each, and the width of all.
fn columns_of(bank: &BankMap) -> (Vec<(u32, &ColumnMap)>, u32) {
    let open = open_aisle(bank);
    let mut left = LEFT;
    let mut placed = Vec::new();
    for (index, column) in (0_u16..).zip(&bank.columns) {
        left += if open == Some(index) { OPEN_GAP } else { GAP };
        placed.push((left, column));
        left += CELL.0;
    }
    let behind = usize::from(open.unwrap_or(0)) == bank.columns.len();
    (placed, left + if behind { OPEN_GAP } else { GAP })
}

fn width_of(bank: &BankMap) -> u32 {
    columns_of(bank).1
}

fn open_aisle(bank: &BankMap) -> Option<u16> {
    match bank.motion {
        BankMotion::Standing { open } => open.map(|aisle| aisle.0),
        BankMotion::Moving | BankMotion::Unknown { .. } => None,
    }
}

/// Draws a level at its left and upper edge.
type DrawLevel<'a> = &'a dyn Fn(&LevelMap, u32, u32) -> Markup;

fn draw_bank(bank: &BankMap, top: u32, style: Style, draw: DrawLevel<'_>) -> Markup {
    let levels = levels_of(bank);
    let (columns, width) = columns_of(bank);
    let motion = match &bank.motion {
        BankMotion::Standing { open: None } => "静止 all aisles closed".to_owned(),
        BankMotion::Standing { open: Some(aisle) } => format!("通道 {} 已开 open", aisle.0),
        BankMotion::Moving => "移动中 moving".to_owned(),
        BankMotion::Unknown { reason } => format!("设备未知 devices unknown: {reason}"),
    };
    let first = top + TITLE;
    let bottom = first + levels * CELL.1;
    html! {
        text x="12" y=(top + 20) { tspan font-weight="600" { "区 bank " (bank.bank) } tspan.soft dx="10" { (motion) } }
        @if let Some(aisle) = open_aisle(bank) {
            @let left = columns.get(usize::from(aisle)).map_or(width - OPEN_GAP, |(left, _)| left - OPEN_GAP);
            rect.aisle x=(left + 3) y=(first) width=(OPEN_GAP - 6) height=(bottom - first) {}
            text.aisle-name x=(left + OPEN_GAP / 2) y=(bottom + 15) text-anchor="middle" { "⇕" (aisle) }
        }
        @for (index, level) in (0..levels).zip(names_of_levels(bank)) {
            text.soft x=(LEFT) y=(bottom - index * CELL.1 - CELL.1 / 2 + 4) text-anchor="end" { "层 " (level) }
        }
        @for (left, column) in &columns { (draw_column(bank, column, *left, (first, bottom), style, draw)) }
    }
}

fn names_of_levels(bank: &BankMap) -> Vec<&str> {
    let longest = bank.columns.iter().max_by_key(|c| c.levels.len());
    longest.map_or_else(Vec::new, |c| c.levels.iter().map(|l| l.level.as_str()).collect())
}

fn draw_column(
    bank: &BankMap,
    column: &ColumnMap,
    left: u32,
    (first, bottom): (u32, u32),
    style: Style,
    draw: DrawLevel<'_>,
) -> Markup {
    let mut counts = Counts::default();
    column.levels.iter().for_each(|level| counts.merge(&level.counts));
    let words = format!("列 {}: {}", column.column, list(&counts));
    let name = html! {
        text x=(left + CELL.0 / 2) y=(bottom + 16) text-anchor="middle" { "列 " (column.column) @if column.blocked.is_some() { " ⛔" } }
    };
    let cells = html! {
        @for (index, level) in (1..).zip(&column.levels) { (draw(level, left, bottom - index * CELL.1)) }
        @if let Some(block) = column.blocked {
            rect.blocked x=(left) y=(first) width=(CELL.0) height=(bottom - first) { title { "停用 " (block) } }
        }
    };
    // Only on a page is there somebody to choose a column: by its cells, or by its name, which the keyboard reaches.
    match style {
        Style::Embedded => html! { g { title { (words) } (cells) (name) } },
        Style::OfPage => html! {
            g data-column=(column.column) data-bank=(bank.bank) {
                (cells)
                g role="button" tabindex="0" aria-label=(words) { rect.name x=(left) y=(bottom + 2) width=(CELL.0) height="20" rx="3" {} (name) }
            }
        },
    }
}

fn draw_states(level: &LevelMap, left: u32, top: u32) -> Markup {
    let slots = level.counts.slots().max(1) as f64;
    let full = fullness(level);
    let bar = f64::from(CELL.0 - 8);
    let mut from = f64::from(left + 4);
    let segments: Vec<(BoxState, f64, f64)> = BoxState::ALL
        .into_iter()
        .filter(|state| level.counts.of(*state) > 0)
        .map(|state| {
            let width = bar * level.counts.of(state) as f64 / slots;
            let begins = from;
            from += width;
            (state, begins, width)
        })
        .collect();
    let urgent: Vec<String> = segments
        .iter()
        .filter(|(state, ..)| *state != BoxState::Free)
        .take(2)
        .map(|(state, ..)| format!("{}{}", state.sign(), level.counts.of(*state)))
        .collect();
    html! {
        (cell(level, "cell", left, top))
        @for (state, x, width) in &segments {
            rect class=(state.as_str()) x=(format!("{x:.1}")) y=(top + 7) width=(format!("{width:.1}")) height="8" pointer-events="none" {}
        }
        text x=(left + CELL.0 / 2) y=(top + 28) text-anchor="middle" pointer-events="none" { (urgent.join(" ")) }
        rect.fullness x=(left + 4) y=(top + 33) width=(CELL.0 - 8) height="4" pointer-events="none" {}
        rect.full x=(left + 4) y=(top + 33) width=(format!("{:.1}", bar * full.min(1.0))) height="4" pointer-events="none" {}
    }
}

fn draw_heat(level: &LevelMap, scale: &HeatScale, left: u32, top: u32) -> Markup {
    let class = scale.class(level.loans);
    html! {
        (cell(level, &format!("cell heat-{class}"), left, top))
        @if class > 0 {
            text class=(format!("on-heat-{class}")) x=(left + CELL.0 / 2) y=(top + CELL.1 / 2 + 4) text-anchor="middle" pointer-events="none" { (level.loans) }
        }
    }
}

/// What stands behind everything of a level, is clicked, and tells all when it is pointed at.
fn cell(level: &LevelMap, class: &str, left: u32, top: u32) -> Markup {
    html! {
        rect class=(class) data-level=(level.level) x=(left) y=(top + 2) width=(CELL.0) height=(CELL.1 - 4) rx="2" {
            title { "层 level " (level.level) ": " (list(&level.counts)) "; 装满 " (format!("{:.0}", fullness(level) * 100.0)) " % full; 调阅 fetched " (level.loans) }
        }
    }
}

/// How much of the width of its boxes is taken.
fn fullness(level: &LevelMap) -> f64 {
    level.filled_mm as f64 / level.spine_mm.max(1) as f64
}

fn legend_of_heat(scale: &HeatScale, top: u32) -> Markup {
    let range =
        |first: u64, last: u64| if first == last { first.to_string() } else { format!("{first}–{last}") };
    html! {
        text x="12" y=(top + 12) { "一年内调阅次数 fetched within a year, files of a level" }
        rect class="cell heat-0" x="12" y=(top + 24) width="26" height="16" {}
        text x="44" y=(top + 37) { "0" }
        @for (place, (class, first, last)) in (1_u32..).zip(scale.classes()) {
            rect class=(format!("cell heat-{class}")) x=(12 + place * 110) y=(top + 24) width="26" height="16" {}
            text x=(44 + place * 110) y=(top + 37) { (range(first, last)) }
        }
    }
}

/// The states that there are, with their numbers.
fn list(counts: &Counts) -> String {
    let there = BoxState::ALL.into_iter().filter(|state| counts.of(*state) > 0);
    let words: Vec<String> = there.map(|state| format!("{} {}", state.words(), counts.of(state))).collect();
    words.join(", ")
}

fn legend(counts: &Counts, top: u32) -> Markup {
    html! {
        @for (index, state) in (0_u32..).zip(BoxState::ALL) {
            @let (x, y) = (12 + index % 3 * 210, top + index / 3 * 24);
            rect class=(state.as_str()) x=(x) y=(y) width="14" height="14" {}
            text x=(x + 20) y=(y + 12) { (state.sign()) " " (state.words()) ": " (counts.of(state)) }
        }
        rect.fullness x="12" y=(top + 53) width="40" height="4" {}
        rect.full x="12" y=(top + 53) width="24" height="4" {}
        text x="60" y=(top + 60) { "装满程度 how full the boxes are" }
    }
}
